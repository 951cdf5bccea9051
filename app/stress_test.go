package app_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/eventloop"
)

// TestStress does what servers and clients may do, all at once, and holds what comes of
// it against a model: GODWIT_SEED begins with a round, GODWIT_LONG takes minutes.
func TestStress(t *testing.T) {
	for _, mode := range []string{"goroutines", "inline", "pooled"} {
		t.Run(mode, func(t *testing.T) {
			_, goroutines := stacks()
			files := openFiles(t)
			var engine *eventloop.Engine
			if mode != "goroutines" {
				var err error
				if engine, err = eventloop.New(eventloop.Config{Inline: mode == "inline", Loops: 2, Logger: slog.New(slog.DiscardHandler)}); err != nil {
					t.Fatal(err)
				}
			}
			stressFor(t, engine)
			if engine != nil {
				engine.Close()
			}
			asBefore(t, goroutines, files)
		})
	}
}

// stacks returns those of all goroutines but the runtime's own, of which there may come
// to be more, and how many they are.
func stacks() (text []byte, n int) {
	buf := make([]byte, 1<<20)
	buf = buf[:runtime.Stack(buf, true)]
	return buf, bytes.Count(buf, []byte("\n\ngoroutine ")) + 1
}

// asBefore wants no more goroutines and descriptors than there were.
func asBefore(t *testing.T, goroutines, files int) {
	t.Helper()
	for deadline := time.Now().Add(limit); ; wait(10 * time.Millisecond) {
		text, n := stacks()
		nowOpen := openFiles(t)
		if n <= goroutines && nowOpen <= files {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("%d goroutines and %d descriptors, before %d and %d:\n%s", n, nowOpen, goroutines, files, text)
			return
		}
	}
}

// stressFor plays rounds of servers that engine drives.
func stressFor(t *testing.T, engine *eventloop.Engine) {
	n := 0
	rounds(t, func(seed uint64) {
		r := &round{t: t, seed: seed, engine: engine}
		r.play()
		n++
		if t.Failed() {
			t.Logf("failed with GODWIT_SEED=%d: %s", seed, r)
		}
	})
	t.Logf("%d rounds", n)
}

// round is a server's life, and what is known of it.
type round struct {
	t      *testing.T
	seed   uint64
	engine *eventloop.Engine
	cfg    app.Config
	s      *app.Server
	guests []*guest

	dices        atomic.Uint64
	clock        atomic.Int64 // counts what happens
	shutdown     atomic.Int64 // when Shutdown was called; 0 before
	over         chan struct{}
	broadcastAll bool // Everyone reaches all, however slow
	watched      bool // guest 0 watches who is in wild

	mu        sync.Mutex // guards the fields below
	sent      []published
	positions []app.Position // of topic hist
}

func (r *round) String() string {
	c := r.cfg
	var guests strings.Builder
	for _, g := range r.guests {
		fmt.Fprintf(&guests, "\nguest %d, way %d: opened %d, closed %d, ending at %d, by the server %v, gone %v",
			g.n, g.way, g.opens.Load(), g.closes.Load(), g.ending.Load(), g.closing.Load(), g.gone.Load())
	}
	return guests.String() + fmt.Sprintf("\n%d guests, MaxConns %d, MaxConnsPerIP %d, MaxHandshakes %d, MaxAge %v, HookTimeout %v, retain %v, authorize %v, %+v, %+v",
		len(r.guests), c.MaxConns, c.MaxConnsPerIP, c.MaxHandshakes, c.MaxAge, c.HookTimeout, c.Retain != nil || c.Broker != nil, c.Authorize != nil, c.SlowConsumer, c.Limits)
}

// root is where the round's routes are: another process's server may come to listen where
// this one did, and its guests are told from ours by this.
func (r *round) root() string { return fmt.Sprintf("/%d", r.seed) }

// stamp returns the time by the count of what happens.
func (r *round) stamp() int64 { return r.clock.Add(1) }

// inline reports whether hooks must not wait.
func (r *round) inline() bool { return r.engine != nil && r.engine.Inline() }

func (r *round) dice() *gambler {
	return &gambler{rand.New(rand.NewPCG(r.seed, r.dices.Add(1)))}
}

// gambler is a goroutine's source of chance.
type gambler struct{ *rand.Rand }

// nap lets others run.
func (g *gambler) nap() {
	switch g.IntN(20) {
	case 0:
		wait(time.Duration(g.IntN(1000)) * time.Microsecond)
	case 1, 2, 3, 4, 5:
		runtime.Gosched()
	}
}

// size is that of a message in bytes, mostly small.
func (g *gambler) size() int {
	switch g.IntN(30) {
	case 0:
		return g.IntN(200_000)
	case 1, 2, 3:
		return g.IntN(10_000)
	}
	return g.IntN(200)
}

// The topics: of those that keep nothing may be lost, of which hist has a history. In
// wild anybody joins and leaves at any time. The others are named for their policy.
var topicNames = []string{"keep/a", "keep/b", "hist", "wild", "oldest", "newest", "latest", "block", "cut"}

// everyone stands for Server.Everyone among the topics.
const everyone = "everyone"

// orderly reports whether one at a time has a guest join and leave a topic.
func orderly(topic string) bool { return lossless(topic) && topic != everyone }

// lossless reports whether a topic's messages all arrive.
func lossless(topic string) bool {
	return strings.HasPrefix(topic, "keep") || topic == "hist" || topic == everyone
}

// patient lets any number of messages wait.
var patient = app.SlowConsumer{MaxMessages: -1, MaxBytes: 1 << 30}

func policy(topic string) app.SlowConsumer {
	switch topic {
	case "oldest":
		return app.SlowConsumer{Policy: app.DropOldest, MaxMessages: 4}
	case "newest":
		return app.SlowConsumer{Policy: app.DropNewest, MaxMessages: 4}
	case "latest":
		return app.SlowConsumer{Policy: app.KeepLatest, MaxMessages: 4}
	case "block":
		return app.SlowConsumer{Policy: app.Block, MaxWait: 2 * time.Millisecond}
	case "cut":
		return app.SlowConsumer{MaxMessages: 50}
	}
	return patient
}

// configure sets up the server.
func (r *round) configure(g *gambler) {
	l := conn.Config{MaxQueued: []int{0, 50_000, -1}[g.IntN(3)], CloseTimeout: 2 * time.Second}
	if r.inline() {
		l.MaxQueued = -1 // past it the connection would end
	}
	if g.IntN(3) == 0 {
		l.PingInterval = time.Duration(1+g.IntN(3000)) * time.Microsecond
	}
	l.Compression.Enabled = g.IntN(2) == 0
	c := app.Config{
		Addr: "127.0.0.1:0", Limits: l, Engine: r.engine, Logger: slog.New(slog.DiscardHandler),
		TopicPolicy: policy, SlowConsumer: policy([]string{"", "", "oldest", "cut"}[g.IntN(4)]), DrainTimeout: limit,
	}
	r.broadcastAll = c.SlowConsumer == patient
	if g.IntN(5) == 0 {
		c.MaxConns, c.MaxConnsPerIP = 5, 4
	}
	if g.IntN(6) == 0 {
		c.MaxHandshakes = 2
	}
	if g.IntN(6) == 0 {
		c.MaxAge = time.Duration(1+g.IntN(20)) * time.Millisecond
	}
	if g.IntN(4) == 0 {
		c.HookTimeout = time.Duration(1+g.IntN(5)) * time.Millisecond
	}
	retain := func(topic string) app.Retention {
		return map[string]app.Retention{"hist": {MaxMessages: 40}, "wild": {MaxMessages: 5}}[topic]
	}
	switch g.IntN(4) {
	case 0:
		c.Broker = app.NewMemoryBroker(app.MemoryConfig{Retain: retain, MaxBytes: 20_000, MaxTopics: 1})
	case 1, 2:
		c.Retain = retain
	}
	if g.IntN(3) == 0 {
		c.Authorize = r.authorize
	}
	r.cfg = c
}

// authorize grants what happens in topic wild for a moment, and refuses now and then.
func (r *round) authorize(c *app.Conn, a app.Action, topic string) (app.Grant, error) {
	g := guestOf(c)
	if topic != "wild" || g == nil || g.watches() {
		return app.Grant{}, nil
	}
	if a == app.JoinTopic && rand.IntN(10) == 0 {
		g.endingBegins() // if it was a member
		return app.Grant{}, errors.New("not now")
	}
	return app.Grant{Until: time.Now().Add(time.Duration(rand.IntN(3000)) * time.Microsecond)}, nil
}

// play lives the round.
func (r *round) play() {
	g := r.dice()
	r.over = make(chan struct{})
	r.configure(g)
	r.watched = g.IntN(2) == 0
	s, err := app.New(r.cfg)
	if err != nil {
		r.t.Fatal(err)
	}
	r.s = s
	route(r.t, s.Router(), r.root()+"/guest/{n:int}", func() any { return new(host) }, r.porter)
	route(r.t, s.Router(), r.root()+"/refused/{how:str}", func() any { return new(host) }, turnAway)
	if err := s.Listen(); err != nil {
		r.t.Fatal(err)
	}
	ran := make(chan error, 1)
	go func() { ran <- s.ServeForever() }()
	for n := range 2 + g.IntN(7) {
		r.guests = append(r.guests, newGuest(r, n, way(g.IntN(int(ways)))))
	}
	if r.watched {
		r.guests[0].way = polite
	}
	var visits, actors sync.WaitGroup
	for _, guest := range r.guests {
		visits.Go(guest.visit)
	}
	for n := range 1 + g.IntN(3) {
		a := &actor{round: r, name: fmt.Sprintf("a%d", n), gambler: r.dice(), next: map[string]int{}}
		acts := g.IntN(60)
		actors.Go(func() { a.act(acts) })
	}
	if g.IntN(3) == 0 {
		d := r.dice()
		actors.Go(func() { r.shutDown(d) })
	}
	r.within("the actors", actors.Wait)
	if r.watched {
		r.checkView()
	}
	close(r.over)
	r.within("the guests that leave by themselves", func() {
		for _, guest := range r.guests {
			if guest.way != stays {
				<-guest.left
			}
		}
	})
	r.endingBegins()
	if err := s.Shutdown(context.Background()); err != nil {
		r.t.Errorf("Shutdown: %v", err)
	}
	if err := <-ran; err != nil {
		r.t.Errorf("ServeForever: %v", err)
	}
	r.within("the guests that stay", visits.Wait)
	r.check()
}

// endingBegins notes that the server shuts down.
func (r *round) endingBegins() { r.shutdown.CompareAndSwap(0, r.stamp()) }

// shutDown shuts the server down in the middle.
func (r *round) shutDown(g *gambler) {
	for range g.IntN(100) {
		g.nap()
	}
	r.endingBegins()
	ctx, cancel := context.WithTimeout(context.Background(), 2*limit)
	if g.IntN(2) == 0 {
		ctx, cancel = context.WithTimeout(ctx, time.Duration(g.IntN(3000))*time.Microsecond)
	}
	defer cancel()
	start := time.Now()
	if err := r.s.Shutdown(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		r.t.Errorf("Shutdown in the middle: %v", err)
	}
	if took := time.Since(start); took > limit {
		r.t.Errorf("Shutdown in the middle took %v", took)
	}
}

// within has f done in time; without it nothing else can be told.
func (r *round) within(what string, f func()) {
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(3 * limit):
		text, _ := stacks()
		r.t.Fatalf("%s take too long with GODWIT_SEED=%d: %s\n%s", what, r.seed, r, text)
	}
}

// check holds what is left against what there was.
func (r *round) check() {
	var opens, messages uint64
	for _, g := range r.guests {
		o, c := g.opens.Load(), g.closes.Load()
		if o > 1 || o != c {
			r.t.Errorf("guest %d: OnOpen was called %d times, OnClose %d", g.n, o, c)
		}
		opens, messages = opens+uint64(o), messages+g.messages.Load()
		g.settle()
	}
	r.settleTopics()
	var st app.Stats
	eventually(r.t, "nobody is left", func() bool {
		st = r.s.Stats()
		seats, inside := r.s.Taken()
		return st.Conns == 0 && st.Topics == 0 && st.Buffered == 0 && seats == 0 && inside == 0
	})
	if st.Accepted != opens || st.Received.Messages != messages {
		r.t.Errorf("%d connections and %d messages, but Stats = %+v", opens, messages, st)
	}
	if most := r.cfg.MaxConnsPerIP; most > 0 {
		if free := r.s.FreeSeats(netip.AddrFrom4([4]byte{127, 0, 0, 1}), most); free < most {
			r.t.Errorf("%d of %d seats are free", free, most)
		}
	}
	if r.engine != nil {
		eventually(r.t, "the engine has no connections", func() bool { return r.engine.Len() == 0 })
	}
}

// checkView waits until what guest 0 was told of topic wild is what there is.
func (r *round) checkView() {
	g := r.guests[0]
	var told, is map[string]string
	for deadline := time.Now().Add(limit / 2); ; {
		is = g.members()
		told = g.view()
		if c := g.conn.Load(); c == nil || !c.Connected() || fmt.Sprint(told) == fmt.Sprint(is) {
			return
		}
		if time.Now().After(deadline) {
			r.t.Errorf("who watches has %v, there are %v", told, is)
			return
		}
		wait(time.Millisecond)
	}
}
