package load

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// drainTime is how long a server may take to answer what is in flight when the
// time is over.
const drainTime = 5 * time.Second

// openers is how many connections are opened at a time.
const openers = 32

// Sizes of the buffer that a connection reads into, in bytes.
const (
	minBuffer = 4 << 10
	maxBuffer = 128 << 10
)

// run is one run in progress.
type run struct {
	cfg    Config
	target *target
	deck   *deck
	clock  clock
	links  []*link
	meters []meter
	result Result
	drain  time.Duration // drainTime but in tests
}

// Run puts load on a server as cfg says, until that is done or ctx ends. An error
// that Is ErrConfig is one of cfg; all others say what went wrong on the way, and
// that there are no figures.
func Run(ctx context.Context, cfg Config) (*Result, error) {
	return runWith(ctx, cfg, drainTime)
}

// runWith is Run with another drainTime.
func runWith(ctx context.Context, cfg Config, drain time.Duration) (*Result, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	t, err := newTarget(&cfg)
	if err != nil {
		return nil, err
	}
	r := &run{
		cfg:    cfg,
		target: t,
		deck:   newDeck(cfg.Content, cfg.Size, max(cfg.Depth, burst(&cfg)), cfg.Compress),
		meters: newMeters(cfg.Connections),
		drain:  drain,
	}
	r.result = Result{Config: cfg}
	if err := r.drive(ctx); err != nil {
		r.drop()
		return nil, err
	}
	r.hangUp()
	r.result.collect(total(r.meters), &r.clock)
	return &r.result, nil
}

// drive does what the mode says.
func (r *run) drive(ctx context.Context) error {
	switch r.cfg.Mode {
	case Churn:
		return r.churn(ctx)
	case Idle:
		return r.idle(ctx)
	}
	if err := r.openAll(ctx); err != nil {
		return err
	}
	r.clock = newClock(&r.cfg)
	for _, l := range r.links {
		l.nc.SetDeadline(r.clock.base.Add(r.clock.end + r.drain)) // fails only on a closed connection, which is found anyway
	}
	c := newCrew(ctx, r.interrupt)
	switch {
	case r.cfg.Mode == Broadcast:
		r.broadcast(c)
	case r.cfg.Rate > 0:
		r.openLoop(c)
	default:
		r.closedLoop(c)
	}
	c.run(func() error { return r.observe(c.ctx) })
	return c.wait()
}

// openAll opens all connections.
func (r *run) openAll(ctx context.Context) error {
	size := min(max(len(r.deck.frames(0, 1))*r.cfg.Depth, minBuffer), maxBuffer)
	r.links = make([]*link, r.cfg.Connections)
	return inParallel(ctx, len(r.links), func(ctx context.Context, i int) error {
		l, err := r.target.open(ctx, i, r.deck, make([]byte, size))
		r.links[i] = l
		if err != nil || r.cfg.Mode != Broadcast {
			return err
		}
		return r.joined(ctx, i)
	})
}

// joined waits until connection i gets what is broadcast: a server has answered the
// opening handshake before it knows of the connection.
func (r *run) joined(ctx context.Context, i int) error {
	l := r.links[i]
	l.nc.SetDeadline(time.Now().Add(dialTimeout))
	defer context.AfterFunc(ctx, func() { l.nc.SetDeadline(past) })()
	if err := l.ping(); err != nil {
		return fmt.Errorf("load: connection %d of %d: %w", i+1, len(r.links), stalled(err))
	}
	return nil
}

// inParallel calls f for 0 to n-1, a few at a time, until one fails.
func inParallel(ctx context.Context, n int, f func(ctx context.Context, i int) error) error {
	c := newCrew(ctx, func() {})
	var next atomic.Int64
	for range min(openers, n) {
		c.run(func() error {
			for c.ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return nil
				}
				if err := f(c.ctx, i); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return c.wait()
}

// interrupt wakes whoever waits on a connection.
func (r *run) interrupt() {
	for _, l := range r.links {
		l.nc.SetDeadline(past) // fails only on a closed connection
	}
}

// drop closes all connections at once.
func (r *run) drop() {
	for _, l := range r.links {
		if l != nil {
			l.nc.Close()
		}
	}
}

// hangUp closes all connections: in order, if the server does its part.
func (r *run) hangUp() {
	inParallel(context.Background(), len(r.links), func(_ context.Context, i int) error {
		r.links[i].leave() // the figures stand by now
		return nil
	})
}

// observe measures CPU time while it counts.
func (r *run) observe(ctx context.Context) error {
	if err := r.clock.sleepUntil(ctx, r.clock.begin); err != nil {
		return err
	}
	before, err := r.usage()
	if err != nil {
		return err
	}
	first, err := r.heap(ctx)
	if err != nil {
		return err
	}
	if err := r.clock.sleepUntil(ctx, r.clock.end); err != nil {
		return err
	}
	after, err := r.usage()
	if err != nil {
		return err
	}
	last, err := r.heap(ctx)
	r.result.cpu, r.result.mallocs = after.minus(before), last.rateSince(first)
	return err
}

// usage is the CPU time used so far.
type usage struct{ ours, server time.Duration }

func (u usage) minus(v usage) usage { return usage{u.ours - v.ours, u.server - v.server} }

// usage reads both clocks. Ours stays 0 where it can't be read.
func (r *run) usage() (u usage, err error) {
	u.ours, _ = cpuTime(0)
	if r.cfg.ServerPID != 0 {
		u.server, err = cpuTime(r.cfg.ServerPID)
	}
	return u, err
}
