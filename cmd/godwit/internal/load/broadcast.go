package load

import (
	"sync/atomic"
	"time"
)

// flights keeps the broadcasts under way, as a ring.
type flights struct {
	sent    []atomic.Int64 // when each was sent, a time of the clock
	missing []atomic.Int64 // connections that it has not come to
	free    chan struct{}  // one for each that may be sent
	over    atomic.Bool    // all are delivered, and there will be no more
}

func newFlights(depth int) *flights {
	f := &flights{
		sent:    make([]atomic.Int64, depth),
		missing: make([]atomic.Int64, depth),
		free:    make(chan struct{}, depth),
	}
	for range depth {
		f.free <- struct{}{}
	}
	return f
}

// delivered notes that message k has come to one connection more. They all come to
// a connection in order, so message k is the first to be everywhere.
func (f *flights) delivered(k int) {
	if f.missing[k%len(f.missing)].Add(-1) == 0 {
		f.free <- struct{}{}
	}
}

// broadcast starts what sends on the first connection and counts on the others.
// Whether the sender gets its own messages doesn't matter.
func (r *run) broadcast(c *crew) {
	depth := r.cfg.Depth
	if r.cfg.Rate > 0 {
		depth = max(depth, maxBurst)
	}
	f := newFlights(depth)
	c.run(func() error { return stalled(r.publish(c, f)) })
	c.run(func() error { return r.discard(r.links[0], f) })
	for i, l := range r.links[1:] {
		m := &r.meters[i%len(r.meters)]
		c.run(func() error { return r.subscribe(l, m, f) })
	}
}

// publish sends while the time lasts, and then waits until all is delivered.
func (r *run) publish(c *crew, f *flights) error {
	l := r.links[0]
	var s schedule
	if r.cfg.Rate > 0 {
		s = newSchedule(r.cfg.Rate, 0, 1, r.clock.end)
	}
	for k := 0; r.clock.now() < r.clock.end; k++ {
		at := r.clock.now()
		if r.cfg.Rate > 0 {
			if at = s.due(k); at >= r.clock.end {
				break
			}
			if err := r.clock.sleepUntil(c.ctx, at); err != nil {
				return err
			}
		}
		select {
		case <-f.free:
		case <-c.ctx.Done():
			return nil // the crew knows why
		}
		if r.cfg.Rate == 0 {
			at = r.clock.now()
		}
		f.missing[k%len(f.missing)].Store(int64(len(r.links) - 1))
		f.sent[k%len(f.sent)].Store(int64(at))
		if err := l.send(1); err != nil {
			return err
		}
	}
	for range cap(f.free) {
		select {
		case <-f.free:
		case <-c.ctx.Done():
			return nil
		}
	}
	f.over.Store(true)
	r.interrupt() // the others wait for more
	return nil
}

// discard takes what comes to the sender.
func (r *run) discard(l *link, f *flights) error {
	for {
		if _, err := l.receive(); err != nil {
			return f.unlessOver(err)
		}
	}
}

// subscribe counts what comes on a connection.
func (r *run) subscribe(l *link, m *meter, f *flights) error {
	for k := 0; ; {
		n, err := l.receive()
		m.arrived(&r.clock, r.clock.now(), n, false, func(i int) time.Duration {
			return time.Duration(f.sent[(k+i)%len(f.sent)].Load())
		})
		for range n {
			f.delivered(k)
			k++
		}
		if err != nil {
			return f.unlessOver(err)
		}
	}
}

// unlessOver forgets an error that came of the end, for which the publisher wakes
// all others.
func (f *flights) unlessOver(err error) error {
	if f.over.Load() {
		return nil
	}
	return stalled(err)
}
