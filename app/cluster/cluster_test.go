package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/app/client"
	"github.com/godwit-ws/godwit/app/cluster"
	"github.com/godwit-ws/godwit/conn"
)

var ctx = context.Background()

func say(t *testing.T, n *node, topic, text string) app.Receipt {
	t.Helper()
	r, err := n.To(topic).Publish(conn.Text, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// What is published anywhere reaches members everywhere, with history and without.
func TestPublish(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	for _, topic := range []string{"plain.*>", "kept 房"} {
		here, there := listen(t, a.url, topic, "", false), listen(t, b.url, topic, "", false)
		var want []string
		for i := range 20 {
			n := a
			if i%10 >= 5 {
				n = b
			}
			text := fmt.Sprint("m ", i)
			say(t, n, topic, text)
			here.want(append(want, text)...)
			there.want(append(want, text)...)
			want = append(want, text)
		}
		if _, err := b.To(topic).Binary([]byte{0, 255}); err != nil {
			t.Fatal(err)
		}
		want = append(want, "\x00\xff")
		here.want(want...)
		there.want(want...)
		if _, err := here.PublishWith(ctx, topic, client.Text("quiet"), client.Publication{Quiet: true}); err != nil {
			t.Fatal(err)
		}
		there.want(append(want, "quiet")...)
		say(t, a, topic, "end")
		here.want(append(want, "end")...)
	}
}

// Concurrent publishers on two nodes: with history all see one order.
func TestOrder(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	nodes := []*node{a, b}
	listeners := []*listener{listen(t, nodes[0].url, "kept", "", false), listen(t, nodes[1].url, "kept", "", false)}
	const each = 100
	var wg sync.WaitGroup
	for p := range 4 {
		wg.Go(func() {
			for i := range each {
				if _, err := nodes[p%2].To("kept").Text(fmt.Sprint("p", p, ":", i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	eventually(t, "all have come", func() bool { return len(listeners[0].all()) == 4*each })
	listeners[1].want(listeners[0].all()...)
}

// A client resumes on another node.
func TestResumeElsewhere(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	for _, topic := range []string{"kept", "few", "hour", "small"} {
		first := say(t, a, topic, "t0").Position
		say(t, a, topic, "t1")
		say(t, b, topic, "t2")
		listen(t, b.url, topic, first.String(), false).want("t1", "t2")
		last := say(t, b, topic, "t3").Position
		listen(t, a.url, topic, first.String(), false).want("t1", "t2", "t3")
		listen(t, b.url, topic, last.String(), false).want()
		stranger := app.Position{Epoch: "other", Seq: 2}.String()
		switch topic {
		case "few":
			say(t, b, topic, "t4")
			listen(t, a.url, topic, first.String(), false).want("gap", "t1", "t2", "t3", "t4")
			listen(t, a.url, topic, app.Position{Epoch: first.Epoch, Seq: first.Seq + 1}.String(), false).want("t2", "t3", "t4")
		case "small":
			for i := range 40 {
				say(t, b, topic, fmt.Sprint("filler", i))
			}
			if got := listen(t, a.url, topic, first.String(), false).all(); len(got) < 2 || got[0] != "gap" {
				t.Errorf("%s: seen %q, want a gap and what there is", topic, got)
			}
		default:
			listen(t, a.url, topic, stranger, false).want("gap", "t0", "t1", "t2", "t3")
		}
	}
}

// Who has seen a message that the stream's leader doesn't know yet isn't told of a gap:
// a leader that was just elected comes to it in a moment. A message that nobody ever
// published is one.
func TestLeaderLags(t *testing.T) {
	t.Parallel()
	a := join(t, together(t))
	at := say(t, a, "kept", "one").Position
	at.Seq++
	replay := make(chan app.Replay, 1)
	go func() {
		r, err := a.History(ctx, "kept", at, 9)
		if err != nil {
			t.Error(err)
		}
		replay <- r
	}()
	wait(ctx, heldFor)
	say(t, a, "kept", "two")
	if r := <-replay; r.Gap || r.End != at {
		t.Errorf("from a message that came later: gap %t, end %v, want none, %v", r.Gap, r.End, at)
	}
	at.Seq += 100
	if r, err := a.History(ctx, "kept", at, 9); !r.Gap || len(r.Publications) != 2 || err != nil {
		t.Errorf("from a message that never was: gap %t, %d messages, %v; want a gap and both", r.Gap, len(r.Publications), err)
	}
}

// A publication with an identity is taken once, whichever node gets it again.
func TestDeduplication(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	l := listen(t, a.url, "kept", "", false)
	var at [3]app.Receipt
	for i, n := range []*node{a, b, a} {
		var err error
		if at[i], err = n.To("kept").Identified("order 1").Publish(conn.Text, []byte("once")); err != nil {
			t.Fatal(err)
		}
	}
	say(t, b, "kept", "end")
	l.want("once", "end")
	if at[0] != at[1] || at[0] != at[2] {
		t.Errorf("positions %v", at)
	}
}

func TestPresence(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	w := listen(t, a.url, "x", "", true)
	me := fmt.Sprint(a.Node(), ".c1 left false")
	w.want(me)
	c := listen(t, b.url, "x", "", false)
	came, went := fmt.Sprint(b.Node(), ".c1 left false"), fmt.Sprint(b.Node(), ".c1 left true")
	w.want(me, came)
	count := func(n int) func() bool {
		return func() bool { m, err := w.Members(ctx, "x"); return err == nil && len(m) == n }
	}
	eventually(t, "two are there", count(2))
	c.Close()
	w.want(me, came, went)
	eventually(t, "one is there", count(1))

	d := listen(t, b.url, "x", "", false)
	_ = d
	eventually(t, "two are there again", count(2))
	b.leave()
	eventually(t, "the node's members went with it", count(1))
	eventually(t, "that is told", func() bool {
		got := w.all()
		return got[len(got)-1] == fmt.Sprint(b.Node(), ".c2 left true")
	})
}

// A node that says nothing any more is dead after its lease, and its members gone.
func TestNodeDies(t *testing.T) {
	t.Parallel()
	cfg := together(t)
	cfg.Lease = time.Second
	a, b := join(t, cfg), join(t, cfg)
	w := listen(t, a.url, "x", "", true)
	listen(t, b.url, "x", "", false)
	eventually(t, "two nodes", func() bool { return len(a.Nodes()) == 2 })
	eventually(t, "two members", func() bool { m, _ := w.Members(ctx, "x"); return len(m) == 2 })
	b.NATS().Close() // as if the process were gone
	eventually(t, "one node", func() bool { return len(a.Nodes()) == 1 })
	eventually(t, "one member", func() bool { m, err := w.Members(ctx, "x"); return err == nil && len(m) == 1 })
	w.want(fmt.Sprint(a.Node(), ".c1 left false"), fmt.Sprint(b.Node(), ".c1 left false"), fmt.Sprint(b.Node(), ".c1 left true"))
}

func TestRequests(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	listen(t, a.url, "x", "", false)
	listen(t, b.url, "x", "", false)
	listen(t, b.url, "y", "", false)
	eventually(t, "two nodes know of each other", func() bool { return len(a.Nodes()) == 2 && len(b.Nodes()) == 2 })
	counts, err := a.Count(ctx)
	if want := (cluster.Counts{Nodes: 2, Conns: 3, Joined: 3}); counts != want || err != nil {
		t.Errorf("Count = %+v, %v; want %+v", counts, err, want)
	}
	dial := func(n *node) *conn.Conn {
		c, err := conn.Dial(ctx, n.url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Abort)
		c.Read(ctx) // welcome
		return c
	}
	here, there := dial(a), dial(b)
	var ids [2]string
	for i, n := range []*node{a, b} {
		for c := range n.Conns() {
			if id := n.ID(c); id > ids[i] {
				ids[i] = id
			}
		}
		if found, err := a.Cluster.Send(ctx, ids[i], conn.Text, []byte("to you")); !found || err != nil {
			t.Errorf("Send to %s = %t, %v", ids[i], found, err)
		}
	}
	if err := b.Broadcast(conn.Text, []byte("to all")); err != nil {
		t.Error(err)
	}
	for _, c := range []*conn.Conn{here, there} {
		for _, want := range []string{"to you", "to all"} {
			if _, p, err := c.Read(ctx); string(p) != want || err != nil {
				t.Errorf("read %q, %v; want %q", p, err, want)
			}
		}
	}
	if found, err := a.Cluster.Kick(ctx, ids[1], 4000, "out"); !found || err != nil {
		t.Errorf("Kick = %t, %v", found, err)
	}
	if _, _, err := there.Read(ctx); err == nil {
		t.Error("the kicked one reads on")
	} else if e, ok := errors.AsType[*conn.CloseError](err); !ok || e.Code != 4000 {
		t.Errorf("kicked with %v", err)
	}
	for _, id := range []string{a.Node() + ".c99", b.Node() + ".c99", "nobody.c1"} {
		if found, err := a.Cluster.Kick(ctx, id, 1000, ""); found || err != nil {
			t.Errorf("Kick %s = %t, %v", id, found, err)
		}
	}
	for _, id := range []string{"", "c1", ".c1", "*.c1"} {
		if _, err := a.Cluster.Kick(ctx, id, 1000, ""); !errors.Is(err, cluster.ErrID) {
			t.Errorf("Kick %q: %v", id, err)
		}
	}
	if _, err := a.Cluster.Kick(ctx, ids[0], 1005, ""); err == nil {
		t.Error("kicked with a code that may not be sent")
	}
}

// A connection whose peer reads nothing holds up what is sent to it, and nobody else.
func TestRequestsPassASlowPeer(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	eventually(t, "the nodes know of each other", func() bool { return len(a.Nodes()) == 2 })
	slow, err := conn.Dial(ctx, b.url)
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Abort() // it reads nothing
	eventually(t, "it is there", func() bool { return b.Stats().Conns == 1 })
	var id string
	for c := range b.Conns() {
		id = b.ID(c)
	}
	short, cancel := context.WithCancel(ctx)
	defer cancel()
	ended, sent := make(chan struct{}), new(atomic.Int64)
	go func() {
		defer close(ended)
		for big := make([]byte, 256<<10); ; sent.Add(1) {
			if _, err := a.Cluster.Send(short, id, conn.Binary, big); err != nil {
				return
			}
		}
	}()
	before, still := int64(-1), 0
	eventually(t, "sending stands still", func() bool {
		now := sent.Load()
		if still++; now != before {
			before, still = now, 0
		}
		return now > 0 && still > 20
	})
	for range 3 {
		if counts, err := a.Count(ctx); counts.Nodes != 2 || err != nil {
			t.Fatalf("Count = %+v, %v", counts, err)
		}
	}
	if found, err := a.Cluster.Kick(ctx, id, 4000, "too slow"); !found || err != nil {
		t.Errorf("Kick = %t, %v", found, err)
	}
	cancel()
	<-ended
}

// When NATS is gone, members without history are served here, publishing says what is
// wrong, and all comes back by itself with nothing acknowledged lost.
func TestNATSGone(t *testing.T) {
	t.Parallel()
	nats := startNATS(t)
	cfg := quick(nats.url())
	a, b := join(t, cfg), join(t, cfg)
	plain, plainThere := listen(t, a.url, "plain", "", false), listen(t, b.url, "plain", "", false)
	kept := listen(t, b.url, "kept", "", false)
	say(t, a, "kept", "before")
	kept.want("before")
	nats.stop()
	eventually(t, "the break is noticed", func() bool { return !a.NATS().IsConnected() && !b.NATS().IsConnected() })

	if _, err := a.To("kept").Text("lost"); !errors.Is(err, cluster.ErrUnavailable) {
		t.Errorf("publish with history: %v, want ErrUnavailable", err)
	}
	if n, err := a.To("plain").Text("here"); n != 1 || !errors.Is(err, cluster.ErrUnavailable) {
		t.Errorf("publish without history: %d, %v; want one reached and ErrUnavailable", n, err)
	}
	plain.want("here")
	late, err := client.New(client.Config{URL: a.url, MinWait: 10 * time.Millisecond, MaxWait: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer late.Close()
	stands := make(chan struct{})
	late.Subscribe("kept", client.Subscription{OnLive: func(int, bool) { close(stands) }})

	nats.start()
	eventually(t, "NATS is back", func() bool { return a.NATS().IsConnected() && b.NATS().IsConnected() })
	<-stands
	eventually(t, "publishing works", func() bool { _, err := a.To("kept").Text("after"); return err == nil })
	eventually(t, "it came", func() bool { got := kept.all(); return len(got) > 1 && got[len(got)-1] == "after" })
	eventually(t, "without history too", func() bool {
		a.To("plain").Text("again")
		return len(plainThere.all()) > 0
	})
	eventually(t, "members are there again", func() bool {
		m, err := a.AllMembers(ctx, "plain")
		return err == nil && len(m) == 2
	})
}

// With Wait publishing goes on when NATS is back.
func TestDownWait(t *testing.T) {
	t.Parallel()
	nats := startNATS(t)
	cfg := quick(nats.url())
	cfg.Down = cluster.Wait
	a, b := join(t, cfg), join(t, cfg)
	l, kept := listen(t, b.url, "plain", "", false), listen(t, b.url, "kept", "", false)
	say(t, a, "kept", "0")
	nats.stop()
	eventually(t, "the break is noticed", func() bool { return !a.NATS().IsConnected() })
	say(t, a, "plain", "buffered")
	done := make(chan error, 1)
	go func() { _, err := a.To("kept").Text("1"); done <- err }()
	nats.start()
	if err := <-done; err != nil {
		t.Errorf("publish: %v", err)
	}
	kept.want("0", "1")
	_ = l // what was buffered goes to whoever is subscribed again by then
}

// A stream that is made anew is another epoch: a gap, not a mistake.
func TestStreamMadeAnew(t *testing.T) {
	t.Parallel()
	a := join(t, together(t))
	l := listen(t, a.url, "kept", "", false)
	old := say(t, a, "kept", "one").Position
	l.want("one")
	js, names := jetStream(t, a)
	for _, name := range names {
		if err := js.DeleteStream(ctx, name); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the gap is told", func() bool { return len(l.all()) == 2 })
	now := say(t, a, "kept", "two").Position
	l.want("one", "gap", "two")
	if now.Epoch == old.Epoch {
		t.Errorf("the epoch is still %s", old.Epoch)
	}
	listen(t, a.url, "kept", old.String(), false).want("gap", "two")
}

func TestEmbedded(t *testing.T) {
	t.Parallel()
	cfg := quick("")
	cfg.Embed = &cluster.Embed{Dir: t.TempDir(), Token: "secret"}
	a := join(t, cfg)
	other := cfg
	other.URL, other.Embed = a.ClientURL(), nil
	if _, err := cluster.New(other); !errors.Is(err, cluster.ErrUnavailable) {
		t.Errorf("without the token: %v", err)
	}
	other.Token = "secret"
	b := join(t, other)
	l := listen(t, b.url, "kept", "", false)
	say(t, a, "kept", "hello")
	l.want("hello")
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]cluster.Config{
		"nothing":     {},
		"name":        {URL: "nats://127.0.0.1:1", Name: "a.b"},
		"replicas":    {URL: "nats://127.0.0.1:1", Replicas: 7},
		"address":     {Embed: &cluster.Embed{Addr: "nowhere"}},
		"routes-name": {Embed: &cluster.Embed{ClusterAddr: "127.0.0.1:0", Routes: []string{"127.0.0.1:1"}}},
	} {
		if _, err := cluster.New(cfg); !errors.Is(err, cluster.ErrConfig) {
			t.Errorf("%s: %v, want ErrConfig", name, err)
		}
	}
	if _, err := cluster.New(cluster.Config{URL: "nats://127.0.0.1:1"}); !errors.Is(err, cluster.ErrUnavailable) {
		t.Errorf("no NATS: %v, want ErrUnavailable", err)
	}
}
