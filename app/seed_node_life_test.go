package app_test

// The items 91 to 114 of the seeds: what the Python library WebSocketProtocolCore
// promises and does, one test an item. Here: taking, broadcasting, and living on.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/store"
	"github.com/google/go-cmp/cmp"
)

func TestSeed108NextMessage(t *testing.T) {
	const senders, each, consumers = 4, 250, 8
	onEachStore(t, func(t *testing.T, s store.Store) {
		n := app.NewNode(app.NodeConfig{Store: s})
		port := startNode(t, n)
		if m, ok := n.NextMessage(); ok {
			t.Errorf("of an empty store: %+v", m)
		}
		fill := func() {
			var work sync.WaitGroup
			for who := range senders {
				work.Go(func() {
					from := sender(t, app.NodeConfig{})
					for i := range each {
						if err := from.Send(context.Background(), "127.0.0.1", port, fmt.Sprint(who), "", i); err != nil {
							t.Error(err)
						}
					}
				})
			}
			work.Wait()
		}
		fill()
		next := map[string]int{} // by sender
		for m, ok := n.NextMessage(); ok; m, ok = n.NextMessage() {
			if m.Text() != fmt.Sprint(next[m.HandleType]) {
				t.Fatalf("from %s came %s, want %d", m.HandleType, m.Text(), next[m.HandleType])
			}
			next[m.HandleType]++
		}
		if len(next) != senders || s.Len() != 0 {
			t.Errorf("took %v, left %d", next, s.Len())
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var mu sync.Mutex
		seen := map[string]int{}
		var work sync.WaitGroup
		for range consumers {
			work.Go(func() {
				for {
					m, err := n.WaitMessage(ctx)
					if err != nil {
						return
					}
					mu.Lock()
					seen[m.HandleType+"/"+m.Text()]++
					if len(seen) == senders*each {
						cancel()
					}
					mu.Unlock()
				}
			})
		}
		fill()
		work.Wait()
		for m, times := range seen {
			if times != 1 {
				t.Errorf("%s was taken %d times", m, times)
			}
		}
	})
}

func TestSeed109Broadcast(t *testing.T) {
	n := app.NewNode(app.NodeConfig{})
	port := startNode(t, n)
	if ok, text := n.BroadcastMessage(t.Context(), "通知", "文本", "x"); ok || text != "没有活跃的连接" {
		t.Errorf("to nobody: %v, %s", ok, text)
	}
	const clients = 100
	var conns []*conn.Conn
	for range clients {
		conns = append(conns, dialNode(t, port, "/"))
	}
	nodeEventually(t, "all connected", func() bool { return len(n.ActiveConnections()) == clients })
	if ok, text := n.BroadcastMessage(t.Context(), "通知", "文本", "<你好>"); !ok || text != "已向100个连接广播消息" {
		t.Errorf("%v, %s", ok, text)
	}
	for _, c := range conns {
		got := readFields(t, c)
		if at, _ := got["时间"].(string); !isoTime.MatchString(at) {
			t.Errorf("时间 is %q", at)
		}
		delete(got, "时间")
		want := map[string]any{"目标IP": "broadcast", "目标端口": "all", "处理类型": "通知", "次一级数据类型": "文本", "数据内容": "<你好>"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	}
	if ok, text := n.BroadcastMessage(t.Context(), "通知", "文本", func() {}); ok || !strings.HasPrefix(text, "广播失败: ") {
		t.Errorf("of what is no JSON: %v, %s", ok, text)
	}
	for _, tt := range []struct {
		port string
		want int
		all  bool
	}{{`"all"`, 0, true}, {`8765`, 8765, false}, {`"8765"`, 8765, false}, {`"x"`, 0, false}, {`[1]`, 0, false}, {`null`, 0, false}} {
		var m app.NodeMessage
		if err := json.Unmarshal([]byte(`{"目标IP":"broadcast","目标端口":`+tt.port+`}`), &m); err != nil {
			t.Fatal(err)
		}
		if ip, port, all := m.Target(); ip != "broadcast" || port != tt.want || all != tt.all {
			t.Errorf("目标端口 %s: %q, %d, %v", tt.port, ip, port, all)
		}
	}
}

// One of them doesn't read any more. The others get each message, and the number is
// theirs, from the moment that the kernel takes no more for it.
func TestSeed109BroadcastPastOneThatDoesNotRead(t *testing.T) {
	t.Parallel() // it waits for that one
	n := app.NewNode(app.NodeConfig{BroadcastTimeout: 2 * time.Second})
	port := startNode(t, n)
	const clients = 10
	var conns []*conn.Conn
	for range clients {
		conns = append(conns, dialNode(t, port, "/"))
	}
	nodeEventually(t, "all connected", func() bool { return len(n.ActiveConnections()) == clients })
	big := strings.Repeat("x", 256<<10)
	var readers sync.WaitGroup
	var got atomic.Int64
	for _, c := range conns[1:] {
		readers.Go(func() {
			for {
				if _, text, err := c.Read(t.Context()); err != nil || strings.Contains(string(text), "last") {
					return
				}
				got.Add(1)
			}
		})
	}
	rounds, short := 0, 0
	for ; rounds < 100 && short < 2; rounds++ {
		sent, err := n.Broadcast(t.Context(), "通知", "文本", big)
		if err != nil || sent < clients-1 {
			t.Fatalf("round %d: %d, %v", rounds, sent, err)
		}
		if sent == clients-1 {
			short++
		}
	}
	if short != 2 {
		t.Errorf("a peer that doesn't read was counted in %d rounds", rounds)
	}
	conns[0].Abort()
	nodeEventually(t, "the slow one gone", func() bool { return len(n.ActiveConnections()) == clients-1 })
	if sent, err := n.Broadcast(t.Context(), "通知", "文本", "last"); sent != clients-1 || err != nil {
		t.Errorf("after it has gone: %d, %v", sent, err)
	}
	readers.Wait()
	if want := int64(rounds * (clients - 1)); got.Load() != want {
		t.Errorf("%d messages arrived, want %d", got.Load(), want)
	}
}

// Nothing holds up anything else: a mute host is being sent to, a message waited
// for, while others are sent, received and broadcast.
func TestSeed110NothingBlocks(t *testing.T) {
	n := app.NewNode(app.NodeConfig{AckTimeout: time.Minute, BroadcastTimeout: 10 * time.Second})
	port := startNode(t, n)
	silent := peerNode(t, mute)
	ctx, cancel := context.WithCancel(t.Context())
	var stuck sync.WaitGroup
	for range 10 {
		stuck.Go(func() {
			if err := n.Send(ctx, "127.0.0.1", silent, "a", "b", "c"); !errors.Is(err, context.Canceled) {
				t.Errorf("the send to a mute host: %v", err)
			}
		})
	}
	from := sender(t, app.NodeConfig{})
	for i := range 100 {
		if err := from.Send(t.Context(), "127.0.0.1", port, "a", "b", i); err != nil {
			t.Fatal(err)
		}
		if m := waitMessage(t, n); m.Text() != fmt.Sprint(i) {
			t.Fatalf("message %d is %s", i, m.Text())
		}
		if err := n.Send(t.Context(), "127.0.0.1", port, "a", "to itself", i); err != nil {
			t.Fatal(err)
		}
		if m := waitMessage(t, n); m.SubType != "to itself" {
			t.Fatalf("%+v", m)
		}
		if sent, err := n.Broadcast(t.Context(), "a", "b", "c"); err != nil || sent != 2 { // from, and itself
			t.Fatalf("broadcast: %d, %v", sent, err)
		}
		if m := waitMessage(t, from); m.HandleType != "a" {
			t.Fatalf("%+v", m)
		}
		waitMessage(t, n) // its own broadcast
	}
	cancel()
	stuck.Wait()
}

// Peers that vanish in all ways leave nothing behind: no connection, no goroutine,
// no alarm in the log.
func TestSeed111Disconnects(t *testing.T) {
	before := runtime.NumGoroutine()
	var log nodeLog
	n := app.NewNode(app.NodeConfig{Logger: log.logger()})
	port := startNode(t, n)
	var storm sync.WaitGroup
	for i := range 200 {
		storm.Go(func() {
			nc, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
			if err != nil {
				t.Error(err)
				return
			}
			defer nc.Close()
			nc.(*net.TCPConn).SetLinger(0) // Close resets
			if i%4 == 0 {
				return // before the handshake
			}
			c, err := (&conn.Dialer{NetDial: func(context.Context, string, string) (net.Conn, error) { return nc, nil }}).
				Dial(context.Background(), "ws://127.0.0.1/")
			if err != nil {
				t.Error(err)
				return
			}
			switch i % 4 {
			case 1:
				c.WriteText(context.Background(), sent("x")) // and away before the answer
			case 2:
				nc.Write([]byte("\x81\xfe\xff")) // in the middle of a frame
			}
		})
	}
	storm.Wait()
	nodeEventually(t, "all gone", func() bool { return len(n.ActiveConnections()) == 0 })
	if err := sender(t, app.NodeConfig{}).Send(t.Context(), "127.0.0.1", port, "a", "b", "c"); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	if strings.Contains(log.String(), "stack") || strings.Contains(log.String(), "level=ERROR") || strings.Contains(log.String(), "level=WARN") {
		t.Errorf("logged:\n%s", &log)
	}
	if err := n.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	nodeEventually(t, "the goroutines gone", func() bool { return runtime.NumGoroutine() <= before+2 }) // the sender's two
}

func TestSeed112Keepalive(t *testing.T) {
	t.Parallel() // it waits for a timeout that a busy machine doesn't reach
	n := app.NewNode(app.NodeConfig{PingInterval: 50 * time.Millisecond, PongTimeout: 3 * time.Second})
	port := startNode(t, n)
	alive := dialNode(t, port, "/") // answers pings, since somebody reads
	ended := make(chan error, 1)
	go func() { _, _, err := alive.Read(context.Background()); ended <- err }()
	dead := dialNode(t, port, "/") // nobody reads, so nobody answers
	nodeEventually(t, "both connected", func() bool { return len(n.ActiveConnections()) == 2 })
	nodeEventually(t, "the dead one dropped", func() bool { return len(n.ActiveConnections()) == 1 })
	if p := n.ActiveConnections()[0]; p.Port != alive.LocalAddr().(*net.TCPAddr).Port {
		t.Errorf("%+v is left; the dead one was %v", p, dead.LocalAddr())
	}
	select {
	case err := <-ended:
		t.Errorf("the live one ended: %v", err)
	case <-time.After(500 * time.Millisecond): // its pings were older than those of the dead one
	}
}

func TestSeed113AnyPath(t *testing.T) {
	n := app.NewNode(app.NodeConfig{})
	port := startNode(t, n)
	for _, path := range []string{"", "/", "/any/path?x=1", "/%E4%BD%A0", "//"} {
		c := dialNode(t, port, path)
		if got, _ := exchange(t, c, sent("x")); got != "确认" {
			t.Errorf("on %q: %v", path, got)
		}
	}
}

// The node is a part: it goes into an HTTP server beside other things, and hands
// what it receives to functions that know nothing of it.
func TestSeed114Modular(t *testing.T) {
	n := app.NewNode(app.NodeConfig{})
	mux := http.NewServeMux()
	mux.Handle("/node", n)
	mux.HandleFunc("/page", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "page") })
	srv := httptest.NewServer(mux)
	defer srv.Close()
	stopLater(t, n)
	port := srv.Listener.Addr().(*net.TCPAddr).Port
	c := dialNode(t, port, "/node")
	for _, tt := range []struct{ handleType, content string }{{"数", `[1,2]`}, {"聊天", `"hi"`}, {"其他", `null`}, {"数", `{"x":1}`}} {
		text := strings.NewReplacer("聊天", tt.handleType, `"x"`, tt.content).Replace(sent("x"))
		if got, reason := exchange(t, c, text); got != "确认" {
			t.Fatalf("%v", reason)
		}
	}
	resp, err := http.Get(srv.URL + "/page")
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("the page: %v", err)
	}
	resp.Body.Close()
	resp, err = http.Get(srv.URL + "/node")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusUpgradeRequired && resp.StatusCode != http.StatusBadRequest {
		t.Errorf("a request that asks for no WebSocket: %s", resp.Status)
	}

	var calls []string
	note := func(name string) func(context.Context, app.NodeMessage) error {
		return func(_ context.Context, m app.NodeMessage) error {
			calls = append(calls, name+" "+m.Text())
			return nil
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	handlers := app.NodeHandlers{"聊天": note("chat"), "": func(ctx context.Context, m app.NodeMessage) error {
		cancel()
		return note("rest")(ctx, m)
	}}
	handlers["数"] = func(_ context.Context, m app.NodeMessage) error {
		var numbers []int
		if err := m.Decode(&numbers); err != nil {
			return err
		}
		calls = append(calls, fmt.Sprint("numbers ", numbers))
		return nil
	}
	if err := n.Dispatch(ctx, handlers); !errors.Is(err, context.Canceled) {
		t.Errorf("Dispatch = %v", err)
	}
	if want := []string{"numbers [1 2]", `chat hi`, "rest null"}; !slices.Equal(calls, want) {
		t.Errorf("handlers were called as %q, want %q", calls, want)
	}
	if err := n.Dispatch(t.Context(), handlers); err == nil || n.Store().Len() != 1 {
		t.Errorf("a handler that fails: %v, %d messages left", err, n.Store().Len())
	}
	if err := n.Dispatch(t.Context(), app.NodeHandlers{"聊天": note("chat")}); !errors.Is(err, app.ErrNodeNoHandler) || n.Store().Len() != 1 {
		t.Errorf("no handler: %v, %d messages left", err, n.Store().Len())
	}

	// Up to 2 MiB is taken, a byte more is not even sent.
	from := sender(t, app.NodeConfig{})
	to := app.NewNode(app.NodeConfig{})
	toPort := startNode(t, to)
	around := len(fmt.Sprintf(`{"目标IP":"127.0.0.1","目标端口":%d,"处理类型":"","次一级数据类型":"","数据内容":"","时间":"2026-01-02T03:04:05.000006+00:00"}`, toPort))
	exact := strings.Repeat("x", 2<<20-around)
	if err := from.Send(t.Context(), "127.0.0.1", toPort, "", "", exact); err != nil {
		t.Errorf("2 MiB: %v", err)
	}
	if err := from.Send(t.Context(), "127.0.0.1", toPort, "", "", exact+"x"); !errors.Is(err, app.ErrNodeNotSent) {
		t.Errorf("2 MiB and a byte: %v", err)
	}

	stop := make(chan error, 1)
	go func() { stop <- n.Stop(context.Background()) }()
	wantClosed(t, c, conn.CodeGoingAway)
	if err := <-stop; err != nil {
		t.Error(err)
	}
	if _, err := conn.Dial(t.Context(), fmt.Sprintf("ws://127.0.0.1:%d/node", port)); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("after Stop: %v", err)
	}
}
