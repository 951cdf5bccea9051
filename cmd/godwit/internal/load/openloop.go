package load

import (
	"context"
	"errors"
	"os"
	"time"
)

// maxBurst is how many overdue messages are sent in one write.
const maxBurst = 64

// burst returns how many messages may be sent in one write.
func burst(cfg *Config) int {
	if cfg.Rate == 0 {
		return 1
	}
	return min(maxBurst, max(maxBuffer/max(cfg.Size, 1), 1))
}

// schedule says when the messages of one connection are due.
type schedule struct {
	first, interval time.Duration
	count           int // messages due before the end
}

// newSchedule makes the schedule of connection i of n that share a rate, in
// messages a second: evenly spaced, one behind the other.
func newSchedule(rate float64, i, n int, end time.Duration) schedule {
	s := schedule{
		first:    time.Duration(float64(i) / rate * float64(time.Second)),
		interval: max(time.Duration(float64(n)/rate*float64(time.Second)), 1),
	}
	if s.first < end {
		s.count = int((end-s.first-1)/s.interval) + 1
	}
	return s
}

func (s *schedule) due(k int) time.Duration { return s.first + time.Duration(k)*s.interval }

// openLoop starts what sends at a rate.
func (r *run) openLoop(c *crew) {
	schedules := make([]schedule, len(r.links))
	wake := make([]chan struct{}, len(r.links))
	for i, l := range r.links {
		m := &r.meters[i%len(r.meters)]
		s := newSchedule(r.cfg.Rate, i, len(r.links), r.clock.end)
		schedules[i], wake[i] = s, make(chan struct{}, 1)
		c.run(func() error { return overtime(r.sendOnTime(c.ctx, l, m, &s, wake[i]), c.ctx) })
		c.run(func() error { return overtime(r.receiveOnTime(l, m, &s), c.ctx) })
	}
	c.run(func() error {
		pace(c.ctx, &r.clock, schedules, wake)
		return nil
	})
}

// overtime forgets that the time for answers was over: a server that a rate is
// too much for leaves some unanswered, and the result says how many.
func overtime(err error, ctx context.Context) error {
	if errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() == nil {
		return nil
	}
	return err
}

// sendOnTime sends each message when it is due, and those that are overdue
// together. It is woken when one is due.
func (r *run) sendOnTime(ctx context.Context, l *link, m *meter, s *schedule, wake <-chan struct{}) error {
	most := burst(&r.cfg)
	for k := 0; k < s.count; {
		now := r.clock.now()
		if s.due(k) > now {
			select {
			case <-wake:
				continue
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		n := 1
		for n < most && k+n < s.count && s.due(k+n) <= now {
			n++
		}
		m.late(&r.clock, now, n, func(i int) time.Duration { return s.due(k + i) })
		if err := l.send(n); err != nil {
			return err
		}
		k += n
	}
	return nil
}

// receiveOnTime takes the answers, and counts from when their messages were due.
func (r *run) receiveOnTime(l *link, m *meter, s *schedule) error {
	for k := 0; k < s.count; {
		n, err := l.receive()
		if err != nil {
			return err
		}
		if n == 0 {
			continue
		}
		now := r.clock.now()
		m.arrived(&r.clock, now, n, true, func(i int) time.Duration { return s.due(k + i) })
		k += n
	}
	return nil
}
