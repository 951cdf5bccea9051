package load

import (
	"context"
	"fmt"
	"time"
)

// Of the connections of an idle run one in fewFirst isn't counted, unless
// Config.First says otherwise.
const fewFirst = 5

// idle opens connections, holds them, and measures what they cost.
func (r *run) idle(ctx context.Context) error {
	r.links = make([]*link, r.cfg.Connections)
	few := r.cfg.First
	if err := r.openIdle(ctx, 0, few); err != nil {
		return err
	}
	before, err := r.settle(ctx, r.cfg.Duration)
	if err != nil {
		return err
	}
	r.clock = newClock(&Config{Duration: r.cfg.Duration})
	if err := r.openIdle(ctx, few, r.cfg.Connections); err != nil {
		return err
	}
	r.result.Opening = seconds(r.clock.now())
	after, err := r.settle(ctx, r.cfg.Duration)
	if err != nil {
		return err
	}
	if r.cfg.ServerPID != 0 {
		r.result.Server.Memory = after
		r.result.Server.MemoryPerConnection = float64(after-before) / float64(r.cfg.Connections-few)
	}
	return r.wake(ctx)
}

// openIdle opens some of the connections and has a message echoed on each.
func (r *run) openIdle(ctx context.Context, from, to int) error {
	return inParallel(ctx, to-from, func(ctx context.Context, i int) (err error) {
		i += from
		r.links[i], err = r.target.open(ctx, i, r.deck, nil)
		if err != nil {
			return err
		}
		return r.exchangeOn(ctx, i)
	})
}

// exchangeOn has a message echoed on connection i, which keeps no buffer.
func (r *run) exchangeOn(ctx context.Context, i int) error {
	l := r.links[i]
	l.in = make([]byte, minBuffer)
	defer func() { l.in = nil }()
	l.nc.SetDeadline(time.Now().Add(dialTimeout))
	defer context.AfterFunc(ctx, func() { l.nc.SetDeadline(past) })()
	if err := l.exchange(1); err != nil {
		return fmt.Errorf("load: connection %d of %d: %w", i+1, len(r.links), stalled(err))
	}
	return nil
}

// settle holds the connections for d, and returns the server's memory.
func (r *run) settle(ctx context.Context, d time.Duration) (int64, error) {
	clock := newClock(&Config{})
	if err := clock.sleepUntil(ctx, d); err != nil || r.cfg.ServerPID == 0 {
		return 0, err
	}
	return memory(r.cfg.ServerPID)
}

// wake has one more message echoed on each connection: all of them must still be
// there.
func (r *run) wake(ctx context.Context) error {
	m := &r.meters[0]
	clock := clock{base: time.Now(), end: 1<<63 - 1}
	return inParallel(ctx, len(r.links), func(ctx context.Context, i int) error {
		start := clock.now()
		if err := r.exchangeOn(ctx, i); err != nil {
			return err
		}
		m.arrived(&clock, clock.now(), 1, false, func(int) time.Duration { return start })
		r.links[i].in = make([]byte, 512) // to leave with
		return nil
	})
}
