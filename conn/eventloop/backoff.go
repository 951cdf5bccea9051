package eventloop

import (
	"context"
	"log/slog"
	"time"

	"github.com/godwit-ws/godwit/internal/backoff"
)

// waitAgain waits, ever longer, after an error of accepting that may go away. It returns
// false if it won't, or ctx has ended.
func waitAgain(ctx context.Context, log *slog.Logger, again *backoff.Wait, err error) bool {
	if ctx.Err() != nil || !backoff.Passing(err) {
		return false
	}
	d, begins := again.Next()
	if begins {
		log.Warn("accepting websocket connections has to wait", "error", err)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
