package app

import (
	"sync"
	"time"
)

// nodeRetry says when a target that can't be reached is tried again.
type nodeRetry struct {
	mu       sync.Mutex
	failures int // since the last acknowledgement
	notUntil time.Time
}

// The time between attempts: from the first to twice as long each time up to the
// last.
const (
	firstNodeRetry = 50 * time.Millisecond
	lastNodeRetry  = time.Second
)

// pause returns how long the next attempt has to wait.
func (r *nodeRetry) pause() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return time.Until(r.notUntil)
}

// failed notes an attempt that failed, or a connection that was of no use.
func (r *nodeRetry) failed() {
	r.mu.Lock()
	defer r.mu.Unlock()
	wait := lastNodeRetry
	if r.failures < 10 { // as far as shifting is safe
		wait = min(wait, firstNodeRetry<<r.failures)
	}
	r.failures++
	r.notUntil = time.Now().Add(wait)
}

// worked notes a connection that was of use.
func (r *nodeRetry) worked() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures, r.notUntil = 0, time.Time{}
}
