package conn_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/eventloop"
	"github.com/godwit-ws/godwit/frame"
)

// long reports whether the stress tests are to take minutes.
func long() bool { return os.Getenv("GODWIT_LONG") != "" }

// stressSeed returns the seed of a stress test, and prints it: GODWIT_SEED sets it.
func stressSeed(t *testing.T) uint64 {
	seed := rand.Uint64()
	if s := os.Getenv("GODWIT_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("GODWIT_SEED=%d", seed)
	return seed
}

// rounds calls f with seed after seed, for d or for a minute, until one fails.
func rounds(t *testing.T, d time.Duration, f func(t *testing.T, seed uint64)) {
	seed := stressSeed(t)
	if long() {
		d = time.Minute
	}
	for start := time.Now(); time.Since(start) < d && !t.Failed(); seed++ {
		f(t, seed)
	}
}

// TestStressInBubbles does what callers may do, all at once, over connections in
// memory: what hangs is found as a deadlock, what waits too long by the clock.
func TestStressInBubbles(t *testing.T) {
	for name, open := range map[string]transport{
		"memory": overMemory, "net.Pipe": overNetPipe, "chopped": overChopped, "tls": overMemoryTLS, "late": overLate,
	} {
		t.Run(name, func(t *testing.T) {
			rounds(t, 300*time.Millisecond, func(t *testing.T, seed uint64) {
				synctest.Test(t, func(t *testing.T) {
					arena{bubble: true, open: open}.stress(t, seed)
					time.Sleep(time.Second) // whoever is on his way out of a slow transport
				})
			})
		})
	}
}

// TestStressOverSockets does the same over the kernel's.
func TestStressOverSockets(t *testing.T) {
	for name, open := range map[string]transport{
		"tcp": overTCP, "unix": overUnix, "tls": overTLS, "tls for loops": overTLSToLoop,
	} {
		t.Run(name, func(t *testing.T) {
			goroutines, files := runtime.NumGoroutine(), openFiles(t)
			rounds(t, 300*time.Millisecond, func(t *testing.T, seed uint64) {
				within(t, "GODWIT_SEED="+strconv.FormatUint(seed, 10), func() { arena{open: open}.stress(t, seed) })
			})
			within(t, "the end of the last goroutine", func() {
				for runtime.NumGoroutine() > goroutines+1 || openFiles(t) > files {
					runtime.Gosched()
				}
			})
		})
	}
}

// ending is how a round ends.
type ending int

const (
	inOrder      ending = iota // all is sent and received, then one side closes
	byBoth                     // then both sides do
	inTheMiddle                // one side closes while both send
	bothInMiddle               // both do
	aborted                    // one side aborts
	cutOff                     // the connection below is lost
	byHook                     // the server's hook fails
	endings
)

// arena is where a stress test takes place.
type arena struct {
	bubble bool
	open   transport
	engine *eventloop.Engine // drives the server's end; nil if goroutines do
}

// stress is one round: a connection, several who send, read and ping at both
// ends, and an end.
func (a arena) stress(t *testing.T, seed uint64) {
	g := rand.New(rand.NewPCG(seed, 0))
	serverCfg, clientCfg := stressConfig(g), stressConfig(g)
	if a.engine != nil && a.engine.Inline() {
		serverCfg.MaxQueued = -1 // past it the connection would end
	}
	sc, cc, cut := a.open(t, serverCfg, clientCfg)
	shared, release := context.WithCancel(context.Background())
	defer release()
	var streams atomic.Uint64
	dice := func() *gambler {
		return &gambler{rand.New(rand.NewPCG(seed, streams.Add(1))), a.bubble, shared}
	}
	up, down := newLedger(t), newLedger(t)
	server := &side{t: t, c: sc, out: down, in: up, dice: dice, onHook: noError}
	client := &side{t: t, c: cc, out: up, in: down, dice: dice, onHook: noError}
	server.run, client.run = hooked(sc, g), hooked(cc, g)
	end, serverWay, clientWay := ending(g.IntN(int(endings))), g.IntN(4), g.IntN(4)
	if serverWay == 0 || end == byHook { // the end of a batch waits for its peer to read, so one side at least must
		clientWay = 1 + g.IntN(3)
	}
	server.answers, client.answers = true, true
	if end == byHook {
		serverWay = 0
		server.onHook = failing(g.IntN(20), g.IntN(3))
	}
	if a.engine != nil {
		serverWay, clientWay = 0, 1+g.IntN(3)
		server.run = func(h *hooks) { attached(t, a.engine, h) }
	}
	r := &round{t: t, end: end, server: server, client: client, cut: cut}
	r.run(g, serverWay, clientWay)
	for _, s := range []*side{server, client} {
		if opens, closes := s.opens.Load(), s.closes.Load(); opens > 1 || opens != closes {
			t.Errorf("OnOpen was called %d times, OnClose %d", opens, closes)
		}
	}
	r.check()
	if t.Failed() {
		t.Logf("failed with GODWIT_SEED=%d", seed)
		t.Logf("end %d, server way %d and client way %d, %v and %v", end, serverWay, clientWay, sc.Err(), cc.Err())
		t.Logf("%+v\n%+v", serverCfg, clientCfg)
	}
}

// hooked has hooks called by Run or by Serve, until the connection has ended.
func hooked(c *conn.Conn, g *rand.Rand) func(h *hooks) {
	if g.IntN(2) == 0 {
		return func(h *hooks) { c.Run(h) }
	}
	return func(h *hooks) {
		over := make(chan struct{})
		h.onClose = func() { close(over) }
		if c.Serve(h) == nil {
			<-over
		}
	}
}

func noError() error { return nil }

// failing returns a hook that fails at its n-th call, in one of three ways.
func failing(n, way int) func() error {
	return func() error {
		if n--; n >= 0 {
			return nil
		}
		switch way {
		case 0:
			return errHook
		case 1:
			panic(errHook)
		}
		runtime.Goexit()
		return nil
	}
}

func stressConfig(g *rand.Rand) conn.Config {
	cfg := conn.Config{MaxQueued: []int{1000, 50_000, 0, -1}[g.IntN(4)]}
	if g.IntN(3) == 0 {
		cfg.PingInterval = time.Duration(1+g.IntN(3000)) * time.Microsecond
	}
	cfg.Compression.Enabled = g.IntN(2) == 0
	if g.IntN(4) == 0 {
		cfg.MaxMessageSize = 400_000
	}
	if g.IntN(4) == 0 {
		cfg.MaxBuffered = 1 << 30 // never reached, and kept count of
	}
	return cfg
}

// round is a connection under stress.
type round struct {
	t              *testing.T
	end            ending
	server, client *side
	cut            func()
	began          time.Time
}

func (r *round) run(g *rand.Rand, serverWay, clientWay int) {
	var takers, senders, pingers, closers sync.WaitGroup
	stop := make(chan struct{})
	for i, s := range []*side{r.server, r.client} {
		s.consume([]int{serverWay, clientWay}[i], &takers)
		for sender := range 1 + g.IntN(4) {
			n := g.IntN(40)
			senders.Go(func() { s.send(sender, n) })
		}
		if g.IntN(2) == 0 {
			pingers.Go(func() { s.ping(stop) })
		}
		if g.IntN(2) == 0 {
			pingers.Go(func() { s.ask(stop) })
		}
	}
	if r.end <= byBoth {
		senders.Wait()
		r.barrier()
	}
	d := r.server.dice()
	for range d.IntN(50) {
		d.nap()
	}
	r.began = time.Now()
	r.finish(g, &closers)
	closers.Wait()
	takers.Wait()
	senders.Wait()
	close(stop)
	pingers.Wait()
}

// barrier waits until all that was sent has been taken: a pong follows what the
// ping has followed.
func (r *round) barrier() {
	for _, s := range []*side{r.server, r.client} {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		if _, err := s.c.Ping(ctx); err != nil {
			r.t.Errorf("Ping behind all messages: %v", err)
		}
		cancel()
	}
}

// Codes that the two sides close with.
const serverCode, clientCode frame.Code = 4001, 4002

func (r *round) finish(g *rand.Rand, closers *sync.WaitGroup) {
	closeServer := func() { r.close(r.server, serverCode) }
	closeClient := func() { r.close(r.client, clientCode) }
	one := []func(){closeServer, closeClient}[g.IntN(2)]
	switch r.end {
	case inOrder, inTheMiddle:
		closers.Go(one)
		closers.Go(one)
	case byBoth, bothInMiddle:
		closers.Go(closeServer)
		closers.Go(closeClient)
	case aborted:
		closers.Go([]*side{r.server, r.client}[g.IntN(2)].c.Abort)
	case cutOff:
		closers.Go(r.cut)
	case byHook: // comes by itself, or with this
		closers.Go(closeClient)
	}
}

// close closes s, and waits for the end where Close doesn't.
func (r *round) close(s *side, code frame.Code) {
	start := time.Now()
	err := s.c.Close(context.Background(), code, "reason")
	if took := time.Since(start); took > 20*time.Second {
		r.t.Errorf("Close took %v", took)
	}
	if err != nil && r.end < aborted {
		r.t.Errorf("Close = %v", err)
	}
}

// check holds the two sides' ends, and what came, against each other.
func (r *round) check() {
	if took := time.Since(r.began); took > 30*time.Second {
		r.t.Errorf("the end took %v", took)
	}
	s, ok1 := errors.AsType[*conn.CloseError](r.server.c.Err())
	c, ok2 := errors.AsType[*conn.CloseError](r.client.c.Err())
	if !ok1 || !ok2 {
		r.t.Errorf("ended with %v and %v", r.server.c.Err(), r.client.c.Err())
		return
	}
	if r.end < aborted {
		r.checkClosed(s, c)
	}
	finished := r.end <= byBoth
	r.client.out.settle("from the client", finished || r.end == inTheMiddle && s.Remote, finished)
	r.server.out.settle("from the server", finished || r.end == inTheMiddle && c.Remote, finished)
}

// checkClosed checks an end in order: each side says that it closed, with its own
// code, or that the other did, with that one's.
func (r *round) checkClosed(s, c *conn.CloseError) {
	local := func(e *conn.CloseError, code frame.Code) bool {
		return *e == conn.CloseError{Code: code, Reason: "reason"}
	}
	remote := func(e *conn.CloseError, code frame.Code) bool {
		return *e == conn.CloseError{Code: code, Reason: "reason", Remote: true}
	}
	switch {
	case local(s, serverCode) && (remote(c, serverCode) || local(c, clientCode)):
	case remote(s, clientCode) && local(c, clientCode):
	default:
		r.t.Errorf("the server ended with %v, the client with %v", s, c)
	}
}
