package torture

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// errUnserved says that a server served nobody while a case went on.
var errUnserved = errors.New("torture: no echo")

// Summary is the outcome of a run.
type Summary struct {
	Counts [4]int // by Verdict
	// Echoes are how long a bystander waited for its echoes while the cases went on,
	// in order of length. A client has no bystander.
	Echoes []time.Duration
}

// Quantile returns the q-th quantile of Echoes, 0 if there are none.
func (s *Summary) Quantile(q float64) time.Duration {
	if len(s.Echoes) == 0 {
		return 0
	}
	return s.Echoes[min(int(q*float64(len(s.Echoes))), len(s.Echoes)-1)]
}

// How many cases run at once; those that are slow only wait.
const (
	workers     = 8
	slowWorkers = 64
)

// Server plays cases against a server, several at once, and hands each Result to
// report, one at a time, in the order in which they end. After each case a bystander
// must get an echo. The error says that the server can't be examined at all, or that
// ctx has ended.
func Server(ctx context.Context, t *Target, o Options, cases []Case, report func(Result)) (Summary, error) {
	o = o.withDefaults()
	o.Echo = true
	env := &environment{ctx: ctx, role: client, target: t, o: o}
	var s Summary
	if err := env.connectAndPlay(Case{play: func(p *peer) { p.open(); p.wantAlive(); p.finish() }}); err != nil && !isWeak(err) {
		return s, fmt.Errorf("no echo from the server: %w", err)
	}
	watch := newBystander(env)
	var mu sync.Mutex
	play := func(c Case) {
		r := env.playServer(c, watch)
		mu.Lock()
		defer mu.Unlock()
		s.Counts[r.Verdict]++
		report(r)
	}
	slow, quick := split(cases)
	var all sync.WaitGroup
	all.Go(func() { inLanes(ctx, slowWorkers, slow, play) })
	all.Go(func() { inLanes(ctx, workers, quick, play) })
	all.Wait()
	s.Echoes = watch.close()
	return s, context.Cause(ctx)
}

// split sorts out the cases that are slow.
func split(cases []Case) (slow, quick []Case) {
	for _, c := range cases {
		if c.slow {
			slow = append(slow, c)
		} else {
			quick = append(quick, c)
		}
	}
	return slow, quick
}

// inLanes plays cases, n at once, until all are played or ctx ends.
func inLanes(ctx context.Context, n int, cases []Case, play func(Case)) {
	queue := make(chan Case)
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			for c := range queue {
				play(c)
			}
		})
	}
	for _, c := range cases {
		if ctx.Err() != nil {
			break
		}
		queue <- c
	}
	close(queue)
	all.Wait()
}

// playServer plays a case and then asks the bystander.
func (e *environment) playServer(c Case, watch *bystander) Result {
	start := time.Now()
	err := e.connectAndPlay(c)
	took := time.Since(start)
	if unserved := watch.served(); unserved != nil {
		err = errors.Join(err, unserved)
		return Result{Case: c, Verdict: Fail, Err: err, Took: took}
	}
	return c.judge(err, took)
}

func (e *environment) connectAndPlay(c Case) error {
	if c.bare {
		p := &peer{env: e}
		c.play(p)
		return p.err
	}
	nc, tcp, err := e.target.connect(e.ctx)
	if err != nil {
		return err
	}
	return e.play(c, nc, tcp)
}

// play plays a case on a connection, and closes it.
func (e *environment) play(c Case, nc net.Conn, tcp *net.TCPConn) error {
	defer nc.Close()
	defer context.AfterFunc(e.ctx, func() { nc.Close() })()
	p := &peer{env: e, nc: nc, tcp: tcp, r: newReader(nc)}
	c.play(p)
	return p.err
}

// Client plays cases against clients that connect to l, one case a connection, in
// order, one after the other, until all have been played or ctx ends. It closes l.
func Client(ctx context.Context, l net.Listener, o Options, cases []Case, report func(Result)) (Summary, error) {
	defer l.Close()
	defer context.AfterFunc(ctx, func() { l.Close() })()
	env := &environment{ctx: ctx, role: server, o: o.withDefaults()}
	var s Summary
	for _, c := range cases {
		nc, err := l.Accept()
		if err != nil {
			return s, errors.Join(context.Cause(ctx), err)
		}
		tcp, ok := nc.(*net.TCPConn)
		if !ok {
			nc.Close()
			return s, fmt.Errorf("torture: a listener of %T, want one of TCP", nc)
		}
		start := time.Now()
		r := c.judge(env.play(c, nc, tcp), time.Since(start))
		s.Counts[r.Verdict]++
		report(r)
	}
	return s, nil
}
