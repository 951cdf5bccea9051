package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/app/client"
	"github.com/godwit-ws/godwit/app/live"
	"github.com/godwit-ws/godwit/conn"
)

// world is a server in memory, in a bubble, that can refuse to be reached.
type world struct {
	*app.Server
	t     *testing.T
	conns chan net.Conn
	down  atomic.Bool
	dials atomic.Int32
	once  sync.Once
	end   chan struct{}
}

func (w *world) Accept() (net.Conn, error) {
	select {
	case nc := <-w.conns:
		return nc, nil
	case <-w.end:
		return nil, net.ErrClosed
	}
}
func (w *world) Close() error   { w.once.Do(func() { close(w.end) }); return nil }
func (w *world) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func (w *world) dialer() *conn.Dialer {
	return &conn.Dialer{
		Subprotocols: []string{client.Subprotocol}, Config: conn.Config{ReadTimeout: -1},
		NetDial: func(context.Context, string, string) (net.Conn, error) {
			w.dials.Add(1)
			if w.down.Load() {
				return nil, errors.New("down")
			}
			ours, theirs := net.Pipe()
			w.conns <- theirs
			return ours, nil
		},
	}
}

// cut drops all connections.
func (w *world) cut() {
	for c := range w.Conns() {
		c.Abort()
	}
	synctest.Wait()
}

func (w *world) client(c client.Config) *client.Client {
	w.t.Helper()
	c.URL, c.Dialer = "ws://godwit/live", w.dialer()
	cl, err := client.New(c)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(cl.Close)
	return cl
}

func inWorld(t *testing.T, c app.Config, l live.Config, f func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c.Limits.ReadTimeout = -1
		c.Logger = slog.New(slog.DiscardHandler)
		s, err := app.New(c)
		if err == nil {
			err = live.New(l).Mount(s.Router(), "/live")
		}
		if err != nil {
			t.Fatal(err)
		}
		w := &world{Server: s, t: t, conns: make(chan net.Conn), end: make(chan struct{})}
		go s.Serve(w)
		t.Cleanup(func() { w.cut(); s.Shutdown(context.Background()) })
		f(t, w)
	})
}

func kept(string) app.Retention { return app.Retention{MaxMessages: 10_000} }

// journal notes what a subscription is told.
type journal struct {
	mu   sync.Mutex
	seen []string
}

func (j *journal) add(a ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.seen = append(j.seen, fmt.Sprint(a...))
}

func (j *journal) subscription() client.Subscription {
	return client.Subscription{
		OnMessage:  func(m client.Message) { j.add(string(m.Data), m.Text, string(m.Bytes)) },
		OnGap:      func() { j.add("gap") },
		OnPresence: func(m client.Member, left bool) { j.add("presence ", m.ID, string(m.Info), left) },
		OnLive:     func(missed int, gap bool) { j.add("live ", missed, gap) },
		OnError:    func(err error) { j.add(err) },
	}
}

func (j *journal) want(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	j.mu.Lock()
	defer j.mu.Unlock()
	if diff := cmp.Diff(want, j.seen); diff != "" {
		t.Fatalf("told (-want +got):\n%s", diff)
	}
	j.seen = nil
}

func TestSubscribe(t *testing.T) {
	inWorld(t, app.Config{}, live.Config{}, func(t *testing.T, w *world) {
		c, ctx := w.client(client.Config{}), context.Background()
		var j journal
		h, err := c.Subscribe("x", j.subscription())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Subscribe("x", client.Subscription{}); !errors.Is(err, client.ErrSubscribed) {
			t.Errorf("a second Subscribe: %v", err)
		}
		synctest.Wait()
		for _, p := range []client.Payload{client.JSON(map[string]int{"a": 1}), client.Text("te xt"), client.Bytes([]byte("b\x00")), client.Bytes(nil), client.JSON(nil)} {
			if at, err := c.Publish(ctx, "x", p); at != "" || err != nil {
				t.Errorf("Publish = %q, %v", at, err)
			}
		}
		if _, err := c.PublishWith(ctx, "x", client.Text("quiet"), client.Publication{Quiet: true}); err != nil {
			t.Error(err)
		}
		if _, err := c.Publish(ctx, "x", client.JSON(func() {})); err == nil {
			t.Error("a function was published")
		}
		j.want(t, "presence c1false", "live 0 false", `{"a":1}`, "te xt", "b\x00", "", "null")
		members, err := c.Members(ctx, "x")
		if len(members) != 1 || members[0].ID != "c1" || err != nil {
			t.Errorf("Members = %v, %v", members, err)
		}
		if e, ok := errors.AsType[*client.RequestError](c.SetInfo(ctx, 1)); !ok || e.Code != "denied" {
			t.Errorf("SetInfo: %v", e)
		}
		h.Close()
		h.Close()
		synctest.Wait()
		if n, err := w.To("x").Text("nobody"); n != 0 || err != nil {
			t.Errorf("%d are still there, %v", n, err)
		}
		j.want(t)
	})
}

// A client whose line breaks, for short and for long, sees everything once.
func TestResume(t *testing.T) {
	inWorld(t, app.Config{Retain: kept}, live.Config{}, func(t *testing.T, w *world) {
		c := w.client(client.Config{})
		var j journal
		h, _ := c.Subscribe("x", j.subscription())
		synctest.Wait()
		var want []string
		n := 0
		say := func(times int) {
			for range times {
				w.To("x").Text(fmt.Sprint(n))
				want = append(want, fmt.Sprint(n))
				n++
			}
			synctest.Wait()
		}
		for round := range 20 {
			say(1 + round)
			w.down.Store(true)
			w.cut()
			say(round)
			time.Sleep(time.Duration(round) * 10 * time.Second)
			say(1)
			w.down.Store(false)
			time.Sleep(time.Minute)
		}
		j.mu.Lock()
		got := slices.DeleteFunc(j.seen, func(s string) bool { return s[0] == 'l' || s[0] == 'p' })
		j.mu.Unlock()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("seen (-want +got):\n%s", diff)
		}
		at := h.At()
		c.Close()

		say(2)
		later := w.client(client.Config{})
		var k journal
		s := k.subscription()
		s.After, s.OnPresence = at, nil
		later.Subscribe("x", s)
		k.want(t, fmt.Sprint(n-2), fmt.Sprint(n-1), "live 2 false")
		s.After, s.OnLive = "other-1", nil
		w.client(client.Config{}).Subscribe("x", s)
		synctest.Wait()
		if k.seen[0] != "gap" || len(k.seen) != n+1 {
			t.Errorf("from another epoch: %q and %d more", k.seen[0], len(k.seen)-1)
		}
	})
}

func TestRefused(t *testing.T) {
	cfg := app.Config{Authorize: func(*app.Conn, app.Action, string) (app.Grant, error) { return app.Grant{}, errors.New("no") }}
	inWorld(t, cfg, live.Config{}, func(t *testing.T, w *world) {
		c := w.client(client.Config{})
		var j journal
		c.Subscribe("x", j.subscription())
		j.want(t, "client: denied: this isn't allowed")
		if _, err := c.Publish(context.Background(), "x", client.Text("")); err == nil || err.Error() != "client: denied: this isn't allowed" {
			t.Errorf("Publish: %v", err)
		}
		if _, err := c.Subscribe("x", client.Subscription{}); err != nil {
			t.Errorf("Subscribe after the refusal: %v", err)
		}
	})
}

func TestToken(t *testing.T) {
	var shown []string
	judge := func(_ *app.Conn, token string) (time.Time, error) {
		shown = append(shown, token)
		if token == "bad" {
			return time.Time{}, errors.New("bad")
		}
		return time.Now().Add(2 * time.Minute), nil
	}
	inWorld(t, app.Config{}, live.Config{Token: judge}, func(t *testing.T, w *world) {
		tokens := []string{"bad", "one", "two", "three"}
		c := w.client(client.Config{Token: func(context.Context) (string, error) {
			token := tokens[0]
			if tokens = tokens[1:]; len(tokens) == 0 {
				tokens = []string{"last"}
			}
			return token, nil
		}})
		var j journal
		c.Subscribe("x", j.subscription())
		time.Sleep(4 * time.Minute)
		j.want(t, "presence c2false", "live 0 false")
		if want := []string{"bad", "one", "two", "three"}; !slices.Equal(shown, want) {
			t.Errorf("shown %q, want %q", shown, want)
		}
	})
}

func TestPublishWhileDown(t *testing.T) {
	inWorld(t, app.Config{Retain: kept}, live.Config{}, func(t *testing.T, w *world) {
		w.down.Store(true)
		states := new(journal)
		c := w.client(client.Config{MaxPending: 1, OnState: func(up bool, _ error) { states.add(up) }})
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if _, err := c.Publish(ctx, "x", client.Text("given up")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Publish under a context: %v", err)
		}
		done := make(chan error, 1)
		go func() { _, err := c.Publish(context.Background(), "x", client.Text("late")); done <- err }()
		synctest.Wait()
		if _, err := c.Publish(context.Background(), "x", client.Text("too many")); !errors.Is(err, client.ErrPending) {
			t.Errorf("one more: %v", err)
		}
		w.down.Store(false)
		if err := <-done; err != nil {
			t.Errorf("Publish: %v", err)
		}
		r, _ := w.To("x").Publish(conn.Text, nil)
		if r.Position.Seq != 2 {
			t.Errorf("%d messages were published, want 1", r.Position.Seq-1)
		}
		w.cut()
		time.Sleep(time.Minute)
		states.want(t, "true", "false", "true")
	})
}

// What was on its way when the line broke is sent again only if it has an identity.
func TestPublishBroken(t *testing.T) {
	var stall chan struct{}
	stalled := int32(2)
	cfg := app.Config{Retain: kept, Authorize: func(*app.Conn, app.Action, string) (app.Grant, error) {
		if atomic.AddInt32(&stalled, -1) >= 0 {
			<-stall
		}
		return app.Grant{}, nil
	}}
	inWorld(t, cfg, live.Config{}, func(t *testing.T, w *world) {
		stall = make(chan struct{})
		a, b := w.client(client.Config{}), w.client(client.Config{})
		plain, once := make(chan error, 1), make(chan error, 1)
		go func() { _, err := a.Publish(context.Background(), "x", client.Text("1")); plain <- err }()
		go func() {
			_, err := b.PublishWith(context.Background(), "x", client.Text("2"), client.Publication{Once: "id", Key: "k"})
			once <- err
		}()
		synctest.Wait()
		w.cut()
		if err := <-plain; !errors.Is(err, client.ErrBroken) {
			t.Errorf("without identity: %v", err)
		}
		if err := <-once; err != nil {
			t.Errorf("with one: %v", err)
		}
		close(stall)
		synctest.Wait()
	})
}

func TestEnd(t *testing.T) {
	inWorld(t, app.Config{}, live.Config{}, func(t *testing.T, w *world) {
		for code, final := range map[conn.Code]bool{4003: true, 1008: true, 1003: true, 1001: false, 1013: false, 4429: false, 4401: false} {
			c := w.client(client.Config{})
			synctest.Wait()
			for sc := range w.Conns() {
				sc.Close(code, "why")
			}
			time.Sleep(time.Minute)
			err := c.Err()
			if e, ok := errors.AsType[*conn.CloseError](err); ok != final || ok && (e.Code != code || !errors.Is(err, client.ErrClosed)) {
				t.Errorf("after %d: %v", code, err)
			}
			c.Close()
			<-c.Done()
			if _, err := c.Publish(context.Background(), "x", client.Text("")); !errors.Is(err, client.ErrClosed) {
				t.Errorf("Publish after Close: %v", err)
			}
			if _, err := c.Subscribe("x", client.Subscription{}); !errors.Is(err, client.ErrClosed) {
				t.Errorf("Subscribe after Close: %v", err)
			}
		}
	})
}

// The waits grow, and no two clients are alike.
func TestBackoff(t *testing.T) {
	inWorld(t, app.Config{}, live.Config{}, func(t *testing.T, w *world) {
		w.down.Store(true)
		w.client(client.Config{MinWait: time.Second, MaxWait: 16 * time.Second})
		time.Sleep(time.Hour)
		if n := w.dials.Load(); n < 3600/16 || n > 3600/4 {
			t.Errorf("%d attempts in an hour", n)
		}
	})
}

func TestConfig(t *testing.T) {
	for _, url := range []string{"", "http://x/", "ws://", ":", "ws:/x"} {
		if _, err := client.New(client.Config{URL: url}); !errors.Is(err, conn.ErrURL) {
			t.Errorf("New with URL %q: %v", url, err)
		}
	}
}

// A server that speaks something else isn't talked to.
func TestGreeting(t *testing.T) {
	for _, greeting := range []string{`{"event":"hello"}`, `{"event":"welcome","version":2}`, `nonsense`, `[]`} {
		synctest.Test(t, func(t *testing.T) {
			d := toServer(func(c *conn.Conn) { c.WriteText(context.Background(), greeting) })
			c, err := client.New(client.Config{URL: "ws://x", Dialer: d, OnState: func(bool, error) { t.Error("connected") }})
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
			c.Close()
		})
	}
}

// toServer returns a Dialer whose connections serve begins, and then only reads from.
func toServer(serve func(*conn.Conn)) *conn.Dialer {
	return &conn.Dialer{NetDial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			up := conn.Upgrader{Subprotocols: []string{client.Subprotocol}}
			if c, err := up.Accept(context.Background(), theirs); err == nil {
				serve(c)
				<-c.DiscardReads().Done()
			}
		}()
		return ours, nil
	}}
}

// A server whose patience with who sends no token ends soon says so, maybe just before it
// answers the token.
func TestGreetingLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := toServer(func(c *conn.Conn) {
			ctx := context.Background()
			c.WriteText(ctx, `{"event":"welcome","version":1,"token":true}`)
			c.Read(ctx)
			c.WriteText(ctx, `{"event":"expiring","seconds":1}`)
			c.WriteText(ctx, `{"id":0,"ok":true}`)
		})
		var states []bool
		c, err := client.New(client.Config{URL: "ws://x", Dialer: d,
			Token:   func(context.Context) (string, error) { return "good", nil },
			OnState: func(connected bool, _ error) { states = append(states, connected) },
		})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if !slices.Equal(states, []bool{true}) {
			t.Errorf("states %v, want connected once", states)
		}
		c.Close()
	})
}

func Example() {
	ready := make(chan struct{})
	s, _ := app.New(app.Config{Addr: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler)})
	live.New(live.Config{}).Mount(s.Router(), "/live")
	if err := s.Listen(); err != nil {
		fmt.Println(err)
		return
	}
	go s.ServeForever()
	defer s.Shutdown(context.Background())

	c, err := client.New(client.Config{URL: "ws://" + s.Addr().String() + "/live"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	heard := make(chan string)
	c.Subscribe("room:7", client.Subscription{
		OnLive: func(int, bool) { close(ready) },
		OnMessage: func(m client.Message) {
			var text string
			json.Unmarshal(m.Data, &text)
			heard <- text
		},
	})
	<-ready
	go c.Publish(context.Background(), "room:7", client.JSON("hello"))
	fmt.Println(<-heard)
	// Output: hello
}

// What is under way for a subscription that was closed a moment ago isn't taken for
// news of the next one to the topic, which would then pass over what lies before.
func TestSubscribeBehindClose(t *testing.T) {
	inWorld(t, app.Config{Retain: kept}, live.Config{}, func(t *testing.T, w *world) {
		c := w.client(client.Config{})
		var j journal
		all := make(chan struct{}) // closed when everything is under way
		var first *client.Handle
		closes := client.Subscription{OnMessage: func(m client.Message) { <-all; j.add("first ", m.Text, string(m.Data)); first.Close() }}
		resumes := client.Subscription{OnMessage: func(client.Message) {
			s := j.subscription()
			s.After = first.At()
			if _, err := c.Subscribe("x", s); err != nil {
				t.Error(err)
			}
		}}
		var err error
		if first, err = c.Subscribe("x", closes); err != nil {
			t.Fatal(err)
		}
		if _, err = c.Subscribe("y", resumes); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		w.To("x").Text("1")
		w.To("x").Text("2")
		w.To("y").Text("now")
		w.To("x").Text("3")
		close(all)
		j.want(t, "first 1", "presence c1false", "2", "3", "live 2 false")
		w.cut()
		w.To("x").Text("4")
		time.Sleep(time.Second)
		j.want(t, "presence c2false", "4", "live 1 false")
	})
}

// A subscription that was closed stays where it was, though the answer to it says how
// far it would have come.
func TestCloseBeforeAnswer(t *testing.T) {
	var hold chan struct{} // of the bubble
	authorize := func(_ *app.Conn, a app.Action, topic string) (app.Grant, error) {
		if a == app.PublishTopic {
			<-hold
		}
		return app.Grant{}, nil
	}
	inWorld(t, app.Config{Retain: kept, Authorize: authorize}, live.Config{}, func(t *testing.T, w *world) {
		hold = make(chan struct{})
		r, _ := w.To("x").Publish(conn.Text, []byte("1"))
		w.To("x").Text("2")
		c := w.client(client.Config{})
		synctest.Wait()
		go c.Publish(context.Background(), "y", client.Text("waits"))
		synctest.Wait()
		var j journal
		s := j.subscription()
		s.After = r.Position.String()
		h, err := c.Subscribe("x", s)
		if err != nil {
			t.Fatal(err)
		}
		h.Close()
		close(hold)
		j.want(t)
		if at := h.At(); at != s.After {
			t.Errorf("At = %s, with nothing seen behind %s", at, s.After)
		}
	})
}

// A subscription ends with Close though the server refuses the request: it was one too
// many a second.
func TestCloseRefused(t *testing.T) {
	inWorld(t, app.Config{}, live.Config{MaxRate: 1}, func(t *testing.T, w *world) {
		c := w.client(client.Config{})
		h, err := c.Subscribe("x", client.Subscription{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Subscribe("y", client.Subscription{}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		h.Close()
		time.Sleep(time.Minute)
		if x, y := len(w.Members("x")), len(w.Members("y")); x != 0 || y != 1 {
			t.Errorf("%d in x, which was closed, and %d in y", x, y)
		}
	})
}

// What waited while there was no connection is sent however much it is.
func TestPublishBacklog(t *testing.T) {
	inWorld(t, app.Config{}, live.Config{MaxRate: -1}, func(t *testing.T, w *world) {
		w.down.Store(true)
		c := w.client(client.Config{})
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		text := client.Text(strings.Repeat("x", 60_000))
		var work sync.WaitGroup
		for i := range 200 {
			work.Go(func() {
				if _, err := c.PublishWith(ctx, "x", text, client.Publication{Once: fmt.Sprint(i)}); err != nil {
					t.Errorf("publication %d: %v", i, err)
				}
			})
		}
		synctest.Wait()
		w.down.Store(false)
		work.Wait()
		if n := w.Stats().Accepted; n != 1 {
			t.Errorf("it took %d connections", n)
		}
	})
}

// A request that is too long for the server isn't sent again and again, each time
// taking the connection and all that is under way on it along.
func TestPublishTooLong(t *testing.T) {
	c := app.Config{Limits: conn.Config{MaxMessageSize: 1000}}
	inWorld(t, c, live.Config{}, func(t *testing.T, w *world) {
		c := w.client(client.Config{})
		synctest.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		var work sync.WaitGroup
		work.Go(func() {
			_, err := c.PublishWith(ctx, "x", client.Text(strings.Repeat("x", 5000)), client.Publication{Once: "a"})
			e, ok := errors.AsType[*conn.CloseError](err)
			if !errors.Is(err, client.ErrBroken) || !ok || e.Code != conn.CodeMessageTooBig {
				t.Errorf("what is too long: %v", err)
			}
		})
		work.Go(func() {
			if _, err := c.PublishWith(ctx, "x", client.Text("x"), client.Publication{Once: "b"}); err != nil {
				t.Errorf("beside it: %v", err)
			}
		})
		work.Wait()
		if n := w.dials.Load(); n > 2 {
			t.Errorf("it took %d connections", n)
		}
	})
}

// An answer that messages have overtaken doesn't lead back to before them, though the
// history began anew between.
func TestAnswerBehindMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &conn.Dialer{Subprotocols: []string{client.Subprotocol}, NetDial: func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			go func() {
				up := conn.Upgrader{Subprotocols: []string{client.Subprotocol}}
				c, err := up.Accept(context.Background(), theirs)
				if err != nil {
					return
				}
				c.WriteText(context.Background(), `{"event":"welcome","version":1,"id":"c1"}`)
				c.Read(context.Background())
				c.WriteText(context.Background(), `{"event":"message","topic":"x","at":"A-4","text":"a"}`)
				c.WriteText(context.Background(), `{"event":"message","topic":"x","at":"B-1","text":"b"}`)
				c.WriteText(context.Background(), `{"id":1,"ok":true,"at":"A-3"}`)
				<-c.DiscardReads().Done()
			}()
			return ours, nil
		}}
		c, err := client.New(client.Config{URL: "ws://x", Dialer: d})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		var j journal
		h, err := c.Subscribe("x", j.subscription())
		if err != nil {
			t.Fatal(err)
		}
		j.want(t, "a", "b", "live 0 false")
		if at := h.At(); at != "B-1" {
			t.Errorf("At = %s", at)
		}
	})
}
