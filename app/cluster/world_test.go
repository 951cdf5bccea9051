package cluster_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/app/client"
	"github.com/godwit-ws/godwit/app/cluster"
	"github.com/godwit-ws/godwit/app/live"
)

// patience is how long a test waits for what is to happen.
const patience = 30 * time.Second

// natsd is a nats-server that can be stopped and started again at the same address
// with what it had.
type natsd struct {
	t      testing.TB
	dir    string
	port   int
	server *server.Server
}

func startNATS(t *testing.T) *natsd {
	n := &natsd{t: t, dir: t.TempDir(), port: server.RANDOM_PORT}
	n.start()
	t.Cleanup(func() { n.stop() })
	return n
}

func (n *natsd) start() {
	n.t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: n.port, JetStream: true, StoreDir: n.dir, NoSigs: true, NoLog: true})
	if err != nil {
		n.t.Fatal(err)
	}
	go s.Start()
	if !s.ReadyForConnections(patience) {
		n.t.Fatal("nats-server doesn't start")
	}
	if n.server = s; n.port == server.RANDOM_PORT {
		fmt.Sscanf(s.ClientURL()[strings.LastIndex(s.ClientURL(), ":"):], ":%d", &n.port)
	}
}

func (n *natsd) stop() {
	n.server.Shutdown()
	n.server.WaitForShutdown()
}

func (n *natsd) url() string { return fmt.Sprintf("nats://127.0.0.1:%d", n.port) }

// node is a server with its cluster.
type node struct {
	*app.Server
	*cluster.Cluster
	url string
}

func quick(url string) cluster.Config {
	return cluster.Config{
		URL: url, Logger: slog.New(slog.DiscardHandler), Lease: 900 * time.Millisecond, CheckInterval: 100 * time.Millisecond,
		PublishTimeout: 10 * time.Second,
		Retain: func(topic string) app.Retention {
			switch {
			case strings.HasPrefix(topic, "kept"):
				return app.Retention{MaxMessages: 10_000}
			case strings.HasPrefix(topic, "few"):
				return app.Retention{MaxMessages: 3}
			case strings.HasPrefix(topic, "hour"):
				return app.Retention{MaxAge: time.Hour}
			case strings.HasPrefix(topic, "small"):
				return app.Retention{MaxMessages: -1, MaxBytes: 2000}
			}
			return app.Retention{}
		},
	}
}

// join starts a node.
func join(t *testing.T, c cluster.Config) *node {
	t.Helper()
	cl, err := cluster.New(c)
	if err != nil {
		t.Fatal(err)
	}
	s, err := app.New(app.Config{
		Addr: "127.0.0.1:0", Broker: cl, Logger: slog.New(slog.DiscardHandler), DrainTimeout: 100 * time.Millisecond,
		SlowConsumer: app.SlowConsumer{MaxMessages: -1},
	})
	if err == nil {
		err = live.New(live.Config{MaxRate: -1}).Mount(s.Router(), "/live")
	}
	if err == nil {
		err = s.Listen()
	}
	if err != nil {
		t.Fatal(err)
	}
	cl.Attach(s)
	go s.ServeForever()
	n := &node{s, cl, "ws://" + s.Addr().String() + "/live"}
	t.Cleanup(n.leave)
	return n
}

func (n *node) leave() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	n.Shutdown(ctx)
	n.Cluster.Close()
}

// listener is a client that notes what comes.
type listener struct {
	*client.Client
	t *testing.T

	mu   sync.Mutex
	seen []string
	live bool
}

// listen subscribes to a topic on a node, and waits until that stands.
func listen(t *testing.T, url, topic, after string, presence bool) *listener {
	t.Helper()
	c, err := client.New(client.Config{URL: url, MinWait: 20 * time.Millisecond, MaxWait: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	l := &listener{Client: c, t: t}
	s := client.Subscription{
		After:     after,
		OnMessage: func(m client.Message) { l.add(string(m.Data) + m.Text + string(m.Bytes)) },
		OnGap:     func() { l.add("gap") },
		OnLive:    func(int, bool) { l.mu.Lock(); l.live = true; l.mu.Unlock() },
		OnError:   func(err error) { l.add(err.Error()) },
	}
	if presence {
		s.OnPresence = func(m client.Member, left bool) { l.add(fmt.Sprint(m.Node, ".", m.ID, " left ", left)) }
	}
	if _, err := c.Subscribe(topic, s); err != nil {
		t.Fatal(err)
	}
	eventually(t, "subscribed to "+topic, func() bool { l.mu.Lock(); defer l.mu.Unlock(); return l.live })
	return l
}

func (l *listener) add(s string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen = append(l.seen, s)
}

func (l *listener) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.seen...)
}

// want waits until exactly that was seen.
func (l *listener) want(texts ...string) {
	l.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		got := l.all()
		if strings.Join(got, "|") == strings.Join(texts, "|") {
			return
		}
		if time.Now().After(deadline) || len(got) > len(texts) {
			l.t.Fatalf("seen %.2000q, want %.2000q", got, texts)
		}
		<-time.After(5 * time.Millisecond)
	}
}

func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !f() {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", patience, what)
		}
		<-time.After(5 * time.Millisecond)
	}
}
