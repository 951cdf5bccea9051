package load

import (
	"context"
	"fmt"
	"time"
)

// churn connects, echoes and closes on all connections until the time is over.
func (r *run) churn(ctx context.Context) error {
	r.clock = newClock(&r.cfg)
	c := newCrew(ctx, func() {}) // each round has its own way to end
	for i := range r.cfg.Connections {
		m := &r.meters[i%len(r.meters)]
		c.run(func() error {
			in := make([]byte, min(max(len(r.deck.frames(0, r.cfg.Depth)), minBuffer), maxBuffer))
			for round := 0; r.clock.now() < r.clock.end; round++ {
				start := r.clock.now()
				if err := r.round(c.ctx, i+round*r.cfg.Connections, in); err != nil {
					return err
				}
				m.arrived(&r.clock, r.clock.now(), 1, false, func(int) time.Duration { return start })
			}
			return nil
		})
	}
	c.run(func() error { return r.observe(c.ctx) })
	return c.wait()
}

// round is a connection from its beginning to its end.
func (r *run) round(ctx context.Context, i int, in []byte) error {
	l, err := r.target.open(ctx, i, r.deck, in)
	if err != nil {
		return err
	}
	defer l.nc.Close() // of no effect after leave
	defer context.AfterFunc(ctx, func() { l.nc.SetDeadline(past) })()
	l.nc.SetDeadline(time.Now().Add(dialTimeout))
	if err := l.exchange(r.cfg.Depth); err != nil {
		return fmt.Errorf("load: connection %d: %w", i+1, stalled(err))
	}
	if err := l.leave(); err != nil {
		return fmt.Errorf("load: closing connection %d: %w", i+1, stalled(err))
	}
	return nil
}
