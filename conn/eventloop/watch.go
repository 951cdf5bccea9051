//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package eventloop

import (
	"sync"
	"sync/atomic"
	"time"
)

// watchTime is how long a turn may last before somebody looks after it.
const watchTime = time.Millisecond

// shift is a loop's turn that is under way, as the watch sees it. The number is odd
// while there is one.
type shift struct {
	number atomic.Uint64
	socket atomic.Pointer[socket]
}

// begin notes that a turn begins.
func (s *shift) begin(k *socket) uint64 {
	s.socket.Store(k)
	n := s.number.Load() + 1
	s.number.Store(n)
	return n
}

// end notes that turn n has ended. It returns false if the loop has been given to
// another goroutine meanwhile.
func (s *shift) end(n uint64) bool { return s.number.CompareAndSwap(n, n+1) }

// overdue has what the hook of turn n has sent so far leave.
func (s *shift) overdue(n uint64) *socket {
	k := s.socket.Load()
	if s.number.Load() != n {
		return nil // k may be another turn's
	}
	k.machine().FlushCork()
	return k
}

// watch looks after turns that last: what their hooks have sent so far leaves, and
// the loop goes on without them or Logger is told. Its timer runs only while loops
// have turns: there is no goroutine to stop.
type watch struct {
	armed atomic.Bool

	mu    sync.Mutex
	timer *time.Timer
	loops []*loop
	pool  *pool
	seen  []lasting
}

// lasting is a turn that was under way when the watch looked.
type lasting struct {
	number uint64
	since  time.Time
	told   bool
}

// arm starts the watch, if it isn't running. It is called when a turn has begun: who looks
// and sees none stops the watch, and then looks again.
func (w *watch) arm() {
	if w.armed.Load() || !w.armed.CompareAndSwap(false, true) {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer == nil {
		w.seen = make([]lasting, len(w.loops))
		w.timer = time.AfterFunc(watchTime, w.look)
		return
	}
	w.timer.Reset(watchTime)
}

// look looks at all loops once, and again later as long as there is something to be
// seen.
func (w *watch) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	active := w.pool.look()
	for i, l := range w.loops {
		n := l.shift.number.Load()
		switch last := &w.seen[i]; {
		case n != last.number:
			*last = lasting{number: n, since: now}
			active = true
		case n%2 == 1:
			l.overdue(n, now.Sub(last.since), &last.told)
			active = true
		}
	}
	if !active {
		w.armed.Store(false)
		if !w.begun() || !w.armed.CompareAndSwap(false, true) {
			return
		}
	}
	w.timer.Reset(watchTime)
}

// begun reports whether a turn is under way that has begun while the watch was still
// armed, and so hasn't armed it. mu is held.
func (w *watch) begun() bool {
	for _, l := range w.loops {
		if l.shift.number.Load()%2 == 1 {
			return true
		}
	}
	return w.pool.begun()
}
