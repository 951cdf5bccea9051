package memconn

import (
	"sync"
	"time"
)

// deadline is one deadline of one end. Its methods are called with the stream's lock held. Once its
// timer exists, setting it again does not allocate.
type deadline struct {
	expired bool
	due     time.Time   // when the timer was last set to fire; zero if it should not
	timer   *time.Timer // nil until a deadline lies in the future
}

// set makes the deadline expire at t, or never if t is zero. Those who wait on cond are woken when
// it has expired.
func (d *deadline) set(t time.Time, cond *sync.Cond) {
	d.stop()
	d.expired = false
	if t.IsZero() {
		return
	}
	left := time.Until(t)
	if left <= 0 {
		d.expired = true
		cond.Broadcast()
		return
	}
	// t may lack a monotonic reading. due has one, so fire can compare it with the clock the timer
	// runs on; taken before the timer starts, it is never later than the timer.
	d.due = time.Now().Add(left)
	if d.timer != nil {
		d.timer.Reset(left)
		return
	}
	d.timer = time.AfterFunc(left, func() { d.fire(cond) })
}

// fire is called by the timer. It takes the lock, so the deadline may have been moved since the
// timer ran out; then it does nothing, and the timer, set again, calls it again.
func (d *deadline) fire(cond *sync.Cond) {
	cond.L.Lock()
	defer cond.L.Unlock()
	if d.due.IsZero() || time.Now().Before(d.due) {
		return
	}
	d.expired = true
	cond.Broadcast()
}

// stop keeps the deadline from expiring in the future.
func (d *deadline) stop() {
	d.due = time.Time{}
	if d.timer != nil {
		d.timer.Stop()
	}
}
