package client_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/app/live"
	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/eventloop"
	"github.com/godwit-ws/godwit/internal/badline"
)

// patience is how long anything may take that should take a moment.
const patience = 20 * time.Second

// TestStress has clients on a bad line to servers that come and go, for rounds of which
// GODWIT_SEED sets the first; with GODWIT_LONG for a minute. Whatever happens, each
// subscription sees what was published, each message once, in order, and all of it
// unless it was told of a gap.
func TestStress(t *testing.T) {
	seed, d := rand.Uint64(), 300*time.Millisecond
	if s := os.Getenv("GODWIT_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	if os.Getenv("GODWIT_LONG") != "" {
		d = time.Minute
	}
	t.Logf("GODWIT_SEED=%d", seed)
	if l, err := net.Listen("tcp", "127.0.0.1:0"); err == nil { // makes the runtime's poller, whose descriptors stay
		l.Close()
	}
	goroutines, files := runtime.NumGoroutine(), openFiles()
	engines := []*eventloop.Engine{nil} // nil: a goroutine for each connection
	for _, cfg := range []eventloop.Config{{Loops: 2}, {Loops: 2, Inline: true}} {
		e, err := eventloop.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		engines = append(engines, e)
	}
	for start := time.Now(); time.Since(start) < d && !t.Failed(); seed++ {
		stress(t, seed, engines)
		if t.Failed() {
			t.Logf("failed with GODWIT_SEED=%d", seed)
		}
	}
	for _, e := range engines[1:] {
		e.Close()
	}
	eventually(t, "the end of the last goroutine", func() bool { return runtime.NumGoroutine() <= goroutines && openFiles() <= files })
}

// openFiles counts the descriptors of the process; 0 where nothing tells.
func openFiles() int {
	entries, _ := os.ReadDir("/proc/self/fd")
	return len(entries)
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// stress is one round.
func stress(t *testing.T, seed uint64, engines []*eventloop.Engine) {
	g := rand.New(rand.NewPCG(seed, 0))
	line, err := badline.New(seed)
	if err != nil {
		t.Fatal(err)
	}
	defer line.Close()
	retain := app.Retention{MaxMessages: 1 << g.IntN(12)}
	h := &house{
		t: t, line: line, topics: topics[:1+g.IntN(len(topics))],
		broker: app.MemoryConfig{Retain: func(string) app.Retention { return retain }},
		engine: engines[g.IntN(len(engines))],
		rate:   -1,
	}
	if g.IntN(3) == 0 {
		h.broker.MaxBytes = 2000 << g.IntN(8) // past it a topic begins anew
	}
	if g.IntN(3) == 0 {
		h.rate = 20 + g.IntN(200) // who asks for more is told so, and in the end closed
	}
	h.limits = conn.Config{CloseTimeout: 300 * time.Millisecond}
	if g.IntN(3) == 0 {
		h.slow.MaxMessages = 5 + g.IntN(50) // who is slower is closed
	}
	if g.IntN(3) == 0 {
		h.token = time.Duration(20+g.IntN(200)) * time.Millisecond
	}
	h.restart(true)
	var clients []*player
	for i := range 1 + g.IntN(4) {
		clients = append(clients, h.player(seed, i))
	}
	stop := make(chan struct{})
	var work sync.WaitGroup
	for i := range 1 + g.IntN(3) {
		dice := rand.New(rand.NewPCG(seed, 100+uint64(i)))
		work.Go(func() { h.publish(dice, i, stop) })
	}
	for _, p := range clients {
		work.Go(func() { p.publish(stop) })
		work.Go(func() { p.come(stop) })
	}
	for range 1 + g.IntN(10) {
		time.Sleep(time.Duration(g.IntN(15)) * time.Millisecond)
		switch g.IntN(6) {
		case 0:
			h.restart(g.IntN(3) == 0)
		case 1:
			line.Cut()
		case 2:
			if len(clients) > 1 {
				clients[0].close()
				clients = clients[1:]
			}
		}
	}
	close(stop)
	work.Wait()
	line.Heal()
	h.settle(clients)
	for _, p := range clients {
		p.close()
	}
	h.empty()
}

// topics are their names.
var topics = []string{"a", "b", "c"}

// house is the servers, of which one is up, and what was published.
type house struct {
	t      *testing.T
	line   *badline.Line
	topics []string
	broker app.MemoryConfig
	limits conn.Config
	slow   app.SlowConsumer
	engine *eventloop.Engine
	rate   int
	token  time.Duration // how long one is good; 0: none is wanted

	server atomic.Pointer[app.Server]
	shared app.Broker // of the server's; only restart uses it

	book   sync.Map // text of a message → its topic
	places sync.Map // position → the text that has it
	where  sync.Map // text → the position it has
	lasts  sync.Map // positions behind which nobody may have been: the epoch was over
}

// restart puts another server in the place of the one there is, with an empty history
// or with that one's.
func (h *house) restart(forgetful bool) {
	if forgetful {
		h.shared = app.NewMemoryBroker(h.broker)
	}
	s, err := app.New(app.Config{
		Addr: "127.0.0.1:0", Broker: h.shared, Limits: h.limits, SlowConsumer: h.slow,
		Logger: slog.New(slog.DiscardHandler), DrainTimeout: patience, Engine: h.engine,
	})
	if err == nil {
		err = live.New(h.protocol()).Mount(s.Router(), "/live")
	}
	l, lerr := net.Listen("tcp", "127.0.0.1:0")
	if err = errors.Join(err, lerr); err != nil {
		h.t.Fatal(err)
	}
	go s.Serve(l)
	h.line.Target(l.Addr().String())
	if old := h.server.Swap(s); old != nil {
		h.down(old)
	}
}

func (h *house) protocol() live.Config {
	cfg := live.Config{MaxRate: h.rate}
	if h.token > 0 {
		cfg.Token = func(*app.Conn, string) (time.Time, error) { return time.Now().Add(h.token), nil }
	}
	return cfg
}

func (h *house) down(s *app.Server) {
	if err := s.Shutdown(context.Background()); err != nil {
		h.t.Errorf("Shutdown: %v", err)
	}
	if st := s.Stats(); st.Conns != 0 || st.Topics != 0 || st.Buffered != 0 {
		h.t.Errorf("after Shutdown: %+v", st)
	}
}

// place notes that a message was seen at a position, or is known to be there: each has
// one, and is the only one there.
func (h *house) place(topic, at, text string) {
	if in, ok := h.book.Load(text); !ok || in != topic {
		h.t.Errorf("%.40q came in %s; it was published in %v", text, topic, in)
	}
	if is, _ := h.places.LoadOrStore(at, text); is != text {
		h.t.Errorf("%.40q is at %s, as is %.40q", text, at, is)
	}
	if is, _ := h.where.LoadOrStore(text, at); is != at {
		h.t.Errorf("%.40q is at %s, and at %s", text, at, is)
	}
}

// publish publishes as the server.
func (h *house) publish(g *rand.Rand, who int, stop chan struct{}) {
	for n := 0; ; n++ {
		select {
		case <-stop:
			return
		default:
		}
		topic, text := h.topics[g.IntN(len(h.topics))], fmt.Sprintf("server %d %d %0*d", who, n, g.IntN(200), 0)
		h.say(topic, text)
		if g.IntN(20) == 0 {
			time.Sleep(time.Duration(g.IntN(3000)) * time.Microsecond)
		} else {
			time.Sleep(time.Duration(g.IntN(100)) * time.Microsecond)
		}
	}
}

// say publishes a text, and returns where it is.
func (h *house) say(topic, text string) (at string) {
	h.book.Store(text, topic)
	r, err := h.server.Load().To(topic).Publish(conn.Text, []byte(text))
	if err != nil {
		h.t.Errorf("Publish: %v", err)
	}
	h.place(topic, r.Position.String(), text)
	return r.Position.String()
}

// settle waits until all clients have seen everything, and asks who is there.
func (h *house) settle(clients []*player) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, topic := range h.topics {
		h.say(topic, "the end of "+topic)
		for _, p := range clients {
			if s := p.subs[topic]; s != nil {
				h.catchUp(p, s)
			}
		}
	}
	h.lasts.Range(func(last, topic any) bool {
		if text, is := h.places.Load(after(last.(string))); is {
			h.t.Errorf("%.40q came to %s behind %s, and somebody went on without", text, topic, last)
		}
		return true
	})
	for _, topic := range h.topics {
		want := 0
		for _, p := range clients {
			if p.subs[topic] != nil {
				want++
			}
		}
		for _, p := range clients { // again if a token has ended meanwhile
			eventually(h.t, fmt.Sprintf("client %d knows the %d who are in %s", p.number, want, topic), func() bool {
				members, err := p.Members(ctx, topic)
				s := p.subs[topic]
				return err == nil && len(members) == want && (s == nil || s.knows(members))
			})
		}
	}
}

// catchUp waits until a client is where its topic is.
func (h *house) catchUp(p *player, s *witness) {
	tries := 0
	eventually(h.t, fmt.Sprintf("client %d is where %s is", p.number, s.topic), func() bool {
		if tries++; tries%200 == 0 { // a history that began anew is heard of with the next message
			h.say(s.topic, fmt.Sprintf("more of %s for %d: %d", s.topic, p.number, tries))
		}
		at, err := app.ParsePosition(s.handle.At())
		if err != nil || at.IsZero() {
			return false
		}
		r, err := h.shared.History(context.Background(), s.topic, at, 1)
		return s.live.Load() && err == nil && !r.Gap && len(r.Publications) == 0
	})
}

// empty sees to it that nothing is left of a round.
func (h *house) empty() {
	eventually(h.t, "the server is empty", func() bool {
		st := h.server.Load().Stats()
		return st.Conns == 0 && st.Topics == 0 && st.Buffered == 0
	})
	h.down(h.server.Load())
}
