// Package backoff says whether accepting connections is worth another try after an
// error, and when.
package backoff

import (
	"errors"
	"syscall"
	"time"
)

const (
	first = 5 * time.Millisecond
	last  = time.Second
)

// Passing reports whether accepting may succeed later: descriptors or memory ran out, or
// what epoll may use of it (ENOSPC), or a client left before it was accepted.
func Passing(err error) bool {
	for _, e := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ENOSPC, syscall.ECONNABORTED, syscall.EINTR} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// Wait is how long to wait between tries. The zero value is for the first of them, and
// so is one after which a try has lasted.
type Wait struct {
	d     time.Duration
	until time.Time
}

// Next returns how long to wait before the next try: 5 ms, and twice as long each time
// up to a second. begins reports whether it is the first of its row.
func (w *Wait) Next() (d time.Duration, begins bool) {
	now := time.Now()
	if now.Sub(w.until) > last {
		w.d = 0
	}
	begins = w.d == 0
	w.d = min(max(2*w.d, first), last)
	w.until = now.Add(w.d)
	return w.d, begins
}
