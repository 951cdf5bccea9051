//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package eventloop

import (
	"sync"
	"sync/atomic"
	"time"
)

// scratchSize is how many bytes are read at a time.
const scratchSize = 64 << 10

// loop waits for the events of many sockets and has their connections take turns.
type loop struct {
	shared *loops
	poll   *poller
	start  time.Time // of ticks

	mu     sync.Mutex // guards the fields to the next blank line
	table  table
	wheel  wheel
	posted []*socket // to be scheduled, from other goroutines
	homes  map[ownAddr]*home

	asleep  atomic.Bool // it waits, or is about to: whoever has something for it wakes it
	news    atomic.Bool // posted or the wheel has changed since it was looked at
	stopped atomic.Bool
	load    atomic.Int32 // how many sockets are in the table
	shift   shift
	pace    pace

	// The rest belongs to the goroutine that runs the loop.
	events  [256]event
	touched [256]*socket
	queue   []*socket // scheduled, from head on
	head    int
	due     []*socket
	now     time.Time
	dozeFn  func() bool // doze, kept so that passing it doesn't allocate
	done    chan struct{}
}

func newLoop(shared *loops) (*loop, error) {
	poll, err := newPoller()
	if err != nil {
		return nil, err
	}
	now := time.Now()
	l := &loop{shared: shared, poll: poll, start: now, now: now, homes: make(map[ownAddr]*home), done: make(chan struct{})}
	l.dozeFn = l.doze
	return l, nil
}

// serve runs the loop until it is stopped and has no sockets left, or another
// goroutine has taken it over. Should a hook end its goroutine, a new one goes on.
func (l *loop) serve() {
	h := l.shared.pool.take()
	returned := false
	defer func() {
		if !returned {
			s, n := h.job, h.turn
			h.job = nil
			l.shared.pool.give(h)
			l.takeOverFromHook(s, n)
		}
	}()
	for !l.over() {
		if !l.round(h) {
			returned = true
			l.shared.pool.give(h)
			return
		}
	}
	returned = true
	l.shared.pool.give(h)
	l.poll.close()
	close(l.done)
}

// takeOverFromHook goes on after a hook that has ended the loop's goroutine, in turn n of
// s, which is nil if it was Arrive. The watch may have given the loop to another before.
func (l *loop) takeOverFromHook(s *socket, n uint64) {
	switch {
	case s == nil:
		go l.serve()
	case l.shift.end(n):
		l.queue = append(l.queue, s)
		go l.serve()
	default:
		l.shared.pool.submit(s)
	}
}

// over reports whether nothing is left to do.
func (l *loop) over() bool {
	if !l.stopped.Load() {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.table.live == 0
}

// round waits for something to do and does it. It returns false if the loop is
// another goroutine's now.
func (l *loop) round(h *hand) bool {
	if l.head == len(l.queue) {
		l.queue, l.head = l.queue[:0], 0
	}
	n := l.wait()
	l.now = l.clock()
	l.find(n)
	for _, e := range l.events[:n] {
		if e.index == 0 && e.age != 0 {
			l.accept(e.age)
		}
	}
	for i, s := range l.touched[:n] {
		if s != nil {
			l.touched[i] = nil
			s.event(l.events[i])
		}
	}
	l.takePosted()
	l.tick()
	return l.runQueue(h)
}

// wait waits for events, or for what others have for the loop, or for the next
// time in the wheel.
func (l *loop) wait() int {
	if len(l.queue) > 0 {
		return l.poll.wait(l.events[:], 0)
	}
	defer l.asleep.Store(false)
	if l.poll.parks() && !l.shared.crowd.dense(l.now.Sub(l.shared.began), l.shared.pool.jobs.Load()) {
		return l.poll.park(l.events[:], l.nextDue(), l.dozeFn)
	}
	if n := l.poll.wait(l.events[:], 0); n > 0 || l.doze() {
		return n
	}
	d := time.Duration(-1)
	if at := l.nextDue(); !at.IsZero() {
		d = max(1, time.Until(at))
	}
	return l.poll.wait(l.events[:], d)
}

// doze has others wake the loop from here on. It returns true if one has something
// for it already.
func (l *loop) doze() bool {
	l.asleep.Store(true)
	return l.news.Load()
}

// find looks up whose events these are. One that was meant for a socket which is
// gone finds nobody.
func (l *loop) find(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.events[:n] {
		if e := &l.events[i]; e.index != 0 {
			l.touched[i] = l.table.find(e.index, e.age)
		}
	}
}

// accept accepts connections of a listener.
func (l *loop) accept(id uint32) {
	if a := l.shared.listener(id); a != nil {
		a.batch(l)
	}
}

// runQueue gives each socket that is in the queue its turns once. It returns false
// if the loop is another goroutine's now.
func (l *loop) runQueue(h *hand) bool {
	if l.head == len(l.queue) {
		return true
	}
	for end := len(l.queue); l.head < end; {
		s := l.queue[l.head]
		l.queue[l.head] = nil
		l.head++
		if !l.run(s, h) {
			return false
		}
	}
	l.queue = l.queue[:copy(l.queue, l.queue[l.head:])]
	l.head = 0
	return true
}

// run gives a socket its turns: here, or on a goroutine of its own if hooks may
// wait and have lately done so. It returns false if the loop is another goroutine's
// now.
func (l *loop) run(s *socket, h *hand) bool {
	inline := l.shared.cfg.Inline
	if !inline && l.pace.slow(l.now.Sub(l.start)) {
		l.shared.pool.submit(s)
		return true
	}
	h.job = s
	done, ours := s.turns(h, &l.shift)
	h.job = nil
	switch {
	case !ours && !done:
		l.shared.pool.submit(s)
		return false
	case !ours:
		return false
	case !done:
		l.queue = append(l.queue, s)
	}
	if !inline {
		now := l.clock()
		l.pace.note(now.Sub(l.now), now.Sub(l.start))
		l.now = now
	}
	return true
}

// overdue looks after turn n, which has lasted for d or longer. It is called by the
// watch.
func (l *loop) overdue(n uint64, d time.Duration, told *bool) {
	s := l.shift.overdue(n)
	if s == nil {
		return
	}
	cfg := l.shared.cfg
	switch {
	case !cfg.Inline && l.shift.end(n):
		l.pace.note(d, time.Since(l.start))
		go l.serve()
	case cfg.Inline && cfg.SlowHook > 0 && d >= cfg.SlowHook && !*told:
		*told = true
		cfg.Logger.Warn("a websocket hook holds up an event loop", "for", d, "hooks", s.machine().Name(), "remote", s.RemoteAddr())
	}
}

// schedule has a socket given its turns. It may be called by any goroutine.
func (l *loop) schedule(s *socket) {
	l.mu.Lock()
	l.posted = append(l.posted, s)
	l.mu.Unlock()
	l.nudge()
}

// nudge has the loop look at what others have for it.
func (l *loop) nudge() {
	l.news.Store(true)
	if l.asleep.CompareAndSwap(true, false) {
		l.poll.wake()
	}
}

// takePosted queues what others have for the loop.
func (l *loop) takePosted() {
	if !l.news.Swap(false) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue = append(l.queue, l.posted...)
	clear(l.posted)
	l.posted = l.posted[:0]
}
