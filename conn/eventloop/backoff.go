package eventloop

import (
	"context"
	"errors"
	"log/slog"
	"syscall"
	"time"
)

// backoff is the wait before accepting is tried again.
type backoff struct{ last time.Duration }

const (
	firstBackoff = 5 * time.Millisecond
	lastBackoff  = time.Second
)

// wait waits, ever longer, after an error that may go away. It returns false if it
// won't, or ctx has ended.
func (b *backoff) wait(ctx context.Context, log *slog.Logger, err error) bool {
	if ctx.Err() != nil || !passing(err) {
		return false
	}
	if b.last == 0 {
		log.Warn("accepting websocket connections has to wait", "error", err)
	}
	b.last = min(max(2*b.last, firstBackoff), lastBackoff)
	timer := time.NewTimer(b.last)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// passing reports whether accepting may succeed later: descriptors or memory ran out,
// or a client left before it was accepted.
func passing(err error) bool {
	for _, e := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED, syscall.EINTR} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
