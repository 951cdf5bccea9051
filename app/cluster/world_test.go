package cluster_test

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/app/client"
	"github.com/godwit-ws/godwit/app/cluster"
	"github.com/godwit-ws/godwit/app/live"
)

// patience is how long a test waits for what is to happen, apiLimit for one answer.
const (
	patience = time.Minute
	apiLimit = time.Second
)

// TestMain has one nats-server for all tests that leave it alone, and a folder for what
// they build.
func TestMain(m *testing.M) { os.Exit(runAll(m)) }

// atOnce is how many tests run beside each other: they wait far more than they work.
const atOnce = "8"

func runAll(m *testing.M) int {
	flag.Parse()
	if flag.Lookup("test.parallel").Value.String() == fmt.Sprint(runtime.GOMAXPROCS(0)) {
		flag.Set("test.parallel", atOnce) // a number: it can't fail
	}
	dir, err := os.MkdirTemp("", "cluster-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	programs.dir = dir
	defer func() {
		if shared.natsd != nil {
			shared.stop()
		}
	}()
	return m.Run()
}

// shared is the nats-server of all tests that don't stop it.
var shared struct {
	sync.Once
	*natsd
}

// together returns a configuration for nodes on the shared nats-server, with nothing on
// it yet.
func together(t testing.TB) cluster.Config {
	t.Helper()
	shared.Do(func() {
		shared.natsd = &natsd{t: t, dir: filepath.Join(programs.dir, "nats"), port: server.RANDOM_PORT}
		shared.start()
	})
	cfg := quick(shared.url())
	t.Cleanup(func() {
		nc, err := nats.Connect(cfg.URL)
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		js, err := jetstream.New(nc)
		if err != nil {
			t.Fatal(err)
		}
		for name := range js.StreamNames(ctx).Name() {
			if strings.Contains(name, cfg.Name) {
				js.DeleteStream(ctx, name)
			}
		}
	})
	return cfg
}

// pair starts two nodes on the shared nats-server.
func pair(t *testing.T) (a, b *node) {
	cfg := together(t)
	return join(t, cfg), join(t, cfg)
}

// natsd is a nats-server that can be stopped and started again at the same address
// with what it had.
type natsd struct {
	t      testing.TB
	dir    string
	port   int
	server *server.Server
}

// startNATS starts one of the test's own, to be stopped.
func startNATS(t testing.TB) *natsd {
	t.Helper()
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
	url  string
	name string // Config.Name
}

// quick is a configuration that notices soon what is wrong, with a name of its own.
func quick(url string) cluster.Config {
	return cluster.Config{
		Name: "test-" + nuid.Next(), URL: url, Logger: slog.New(slog.DiscardHandler), CheckInterval: 100 * time.Millisecond,
		PublishTimeout: 10 * time.Second, MaxStreamBytes: 64 << 20,
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
	n := &node{s, cl, "ws://" + s.Addr().String() + "/live", c.Name}
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
	c, err := client.New(impatient(url))
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
