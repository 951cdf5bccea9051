package cluster_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/app/cluster"
	"github.com/godwit-ws/godwit/conn"
)

// FIGURES.md says how these are run, and what came out.

// underway is how many messages a publisher lets be on their way to the slowest node.
const underway = 256

// size is how many bytes a message has.
const size = 100

// sink is a receiver that says when a message has come.
type sink chan struct{}

func (s sink) Deliver(*app.Publication) int { s <- struct{}{}; return 1 }
func (sink) Gap(app.Position)               {}
func (sink) Notify(app.PresenceEvent)       {}

// publisher publishes to the topic with a number.
type publisher func(topic int) error

// carrier is a way from a publisher to nodes, each of whose sinks gets every message of
// every topic.
type carrier func(b *testing.B, topics int, sinks []sink) publisher

// byNATS is NATS alone: a connection for each node, that one publishes on.
func byNATS(url string) carrier {
	return func(b *testing.B, topics int, sinks []sink) publisher {
		var conns []*nats.Conn
		for _, got := range sinks {
			c, err := nats.Connect(url)
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(c.Close)
			for i := range topics {
				if _, err := c.Subscribe(fmt.Sprint("bench.", i), func(*nats.Msg) { got <- struct{}{} }); err != nil {
					b.Fatal(err)
				}
			}
			c.Flush()
			conns = append(conns, c)
		}
		payload := make([]byte, size)
		return func(topic int) error { return conns[0].Publish(fmt.Sprint("bench.", topic), payload) }
	}
}

// byBrokers is the brokers of nodes, of which the first publishes; nil makes one for each
// sink with cfg.
func byBrokers(brokers []app.Broker, cfg cluster.Config, topic string) carrier {
	return func(b *testing.B, topics int, sinks []sink) publisher {
		all := slices.Clone(brokers)
		for i, got := range sinks {
			if i == len(all) {
				all = append(all, joinFor(b, cfg))
			}
			for n := range topics {
				s, err := all[i].Subscribe(fmt.Sprint(topic, n), got)
				if err != nil {
					b.Fatal(err)
				}
				b.Cleanup(s.Close)
			}
		}
		payload, from := make([]byte, size), all[0]
		return func(n int) error {
			p, err := app.NewPublication(fmt.Sprint(topic, n), conn.Binary, payload)
			if err == nil {
				_, err = from.Publish(ctx, p)
			}
			return err
		}
	}
}

// BenchmarkLatency is the time from publishing on one node to delivery on another, one
// message after the other.
func BenchmarkLatency(b *testing.B) {
	url := together(b).URL
	three := replicated(b)
	for _, tt := range []struct {
		name string
		by   carrier
	}{
		{"nats", byNATS(url)},
		{"process", byBrokers([]app.Broker{memory()}, cluster.Config{}, "plain")},
		{"cluster/topic=plain", byBrokers(nil, quick(url), "plain")},
		{"cluster/topic=kept", byBrokers(nil, quick(url), "kept")},
		{"cluster/topic=kept/replicas=3", byBrokers(nil, three, "kept")},
	} {
		b.Run("by="+tt.name, func(b *testing.B) {
			sinks := []sink{make(sink, underway), make(sink, underway)}
			if tt.name == "process" {
				sinks = sinks[:1]
			}
			publish := tt.by(b, 1, sinks)
			for b.Loop() {
				if err := publish(0); err != nil {
					b.Fatal(err)
				}
				come(b, sinks)
			}
		})
	}
}

// BenchmarkDeliveries is how fast messages go from one node to all, itself too, and the
// processor time that takes of all of them and of nats-server, which are one process here.
func BenchmarkDeliveries(b *testing.B) {
	url := together(b).URL
	for _, tt := range []struct {
		name string
		by   func() carrier
	}{
		{"process", func() carrier { return byBrokers([]app.Broker{memory()}, cluster.Config{}, "plain") }},
		{"nats", func() carrier { return byNATS(url) }},
		{"cluster/topic=plain", func() carrier { return byBrokers(nil, quick(url), "plain") }},
		{"cluster/topic=kept", func() carrier { return byBrokers(nil, quick(url), "kept") }},
	} {
		for _, nodes := range []int{1, 2, 3, 5} {
			for _, topics := range []int{1, 100, 1000, 10_000} {
				if nodes > 1 && tt.name == "process" || topics > 1 && strings.HasSuffix(tt.name, "kept") {
					continue
				}
				b.Run(fmt.Sprintf("by=%s/nodes=%d/topics=%d", tt.name, nodes, topics), func(b *testing.B) {
					benchDeliveries(b, tt.by(), nodes, topics)
				})
			}
		}
	}
}

func benchDeliveries(b *testing.B, by carrier, nodes, topics int) {
	sinks := make([]sink, nodes)
	for i := range sinks {
		sinks[i] = make(sink, 2*underway)
	}
	publish := by(b, topics, sinks)
	b.ResetTimer()
	before := processorTime()
	flood(b, publish, topics, sinks)
	b.StopTimer()
	b.ReportMetric(float64(b.N*nodes)/b.Elapsed().Seconds(), "deliveries/s")
	b.ReportMetric(float64(processorTime()-before)/float64(b.N), "cpu-ns/op")
}

// flood publishes b.N messages to topics in turn, and waits until all have come.
func flood(b *testing.B, publish publisher, topics int, sinks []sink) {
	b.Helper()
	for i := range b.N {
		if i >= underway {
			come(b, sinks)
		}
		if err := publish(i % topics); err != nil {
			b.Fatal(err)
		}
	}
	for range min(b.N, underway) {
		come(b, sinks)
	}
}

// come waits for a message at each sink.
func come(b *testing.B, sinks []sink) {
	b.Helper()
	for _, got := range sinks {
		select {
		case <-got:
		case <-time.After(patience):
			b.Fatal("a message didn't come")
		}
	}
}

// BenchmarkServer is the processor time that nats-server, a process of its own, takes
// for a message and its copies.
func BenchmarkServer(b *testing.B) {
	for _, topic := range []string{"plain", "kept"} {
		for _, nodes := range []int{1, 2, 3, 5} {
			b.Run(fmt.Sprintf("topic=%s/nodes=%d", topic, nodes), func(b *testing.B) {
				cmd, url := serveNATS(b)
				sinks := make([]sink, nodes+1) // the first publishes, and would get its own from itself
				for i := range sinks {
					sinks[i] = make(sink, 2*underway)
				}
				publish := byBrokers(nil, quick(url), topic)(b, 1, sinks)
				b.ResetTimer()
				flood(b, publish, 1, sinks)
				b.StopTimer()
				cmd.Process.Kill()
				cmd.Wait()
				used := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
				b.ReportMetric(float64(used.Nanoseconds())/float64(b.N), "server-ns/op")
			})
		}
	}
}

// BenchmarkServerMemory is the memory that nats-server takes for a topic that one node has
// members of.
func BenchmarkServerMemory(b *testing.B) {
	cmd, url := serveNATS(b)
	c := joinFor(b, quick(url))
	before := resident(b, cmd)
	for i := range b.N {
		if _, err := c.Subscribe(fmt.Sprint("plain", i), make(sink)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(resident(b, cmd)-before)/float64(b.N), "server-B/op")
}

// resident returns the memory of a process in bytes, where the system has it in a file.
func resident(b *testing.B, cmd *exec.Cmd) int {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", cmd.Process.Pid))
	if err != nil {
		b.Skip(err)
	}
	var size, pages int
	fmt.Sscan(string(text), &size, &pages)
	return pages * os.Getpagesize()
}

// BenchmarkSubscribe is what a topic costs a node to have: time and memory.
func BenchmarkSubscribe(b *testing.B) {
	cfg := together(b)
	for _, topic := range []string{"plain", "kept"} {
		b.Run("topic="+topic, func(b *testing.B) {
			c := joinFor(b, cfg)
			before := heap()
			for i := range b.N {
				if _, err := c.Subscribe(fmt.Sprint(topic, i), make(sink)); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(heap()-before)/float64(b.N), "heap-B/op")
		})
	}
}

// BenchmarkPresence is how long it takes for members who come at once to be seen by
// another node.
func BenchmarkPresence(b *testing.B) {
	cfg := together(b)
	here, there := joinFor(b, cfg), joinFor(b, cfg)
	for round := 0; b.Loop(); round++ {
		topic := fmt.Sprint("x", round)
		for i := range 1000 {
			here.Joined(topic, app.Member{ID: fmt.Sprint("c", i), Info: "somebody", Since: time.Now()})
		}
		for {
			m, err := there.Members(ctx, topic)
			if err != nil {
				b.Fatal(err)
			}
			if len(m) == 1000 {
				break
			}
		}
	}
	b.ReportMetric(float64(1000*b.N)/b.Elapsed().Seconds(), "members/s")
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func memory() app.Broker { return app.NewMemoryBroker(app.MemoryConfig{}) }

func joinFor(b *testing.B, cfg cluster.Config) *cluster.Cluster {
	b.Helper()
	c, err := cluster.New(cfg)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(c.Close)
	return c
}

// replicated returns a configuration for a cluster of three servers, in this process.
func replicated(b *testing.B) cluster.Config {
	b.Helper()
	ports := freePorts(b, 6)
	cfg := quick("")
	started := make(chan error, 3)
	var all [3]*cluster.Cluster
	for i := range 3 {
		mine := cfg
		mine.Replicas = 3
		mine.Embed = &cluster.Embed{Addr: ports[i], Dir: b.TempDir(), Name: fmt.Sprint("s", i), ClusterAddr: ports[3+i], Routes: ports[3:]}
		go func() {
			var err error
			all[i], err = cluster.New(mine)
			started <- err
		}()
	}
	for range 3 {
		if err := <-started; err != nil {
			b.Fatal(err)
		}
	}
	b.Cleanup(func() {
		for _, c := range all {
			c.Close()
		}
	})
	cfg.URL, cfg.Replicas = "nats://"+ports[0], 3
	return cfg
}

// serveNATS runs a nats-server of its own.
func serveNATS(b *testing.B) (*exec.Cmd, string) {
	b.Helper()
	addr := freePorts(b, 1)[0]
	cmd := exec.CommandContext(context.Background(), build(b, "nats-server", natsProgram), "-a", "127.0.0.1", "-p", addr[strings.LastIndex(addr, ":")+1:], "-js", "-sd", b.TempDir())
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { cmd.Process.Kill() })
	for deadline := time.Now().Add(patience); !takes(addr); <-time.After(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			b.Fatal("nats-server doesn't start")
		}
	}
	return cmd, "nats://" + addr
}
