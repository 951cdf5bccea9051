package cluster_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// startNodes starts three processes of a program, each with its own arguments.
func startNodes(t *testing.T, addrs []string, args func(i int) []string) (nodes []*process) {
	t.Helper()
	path := buildNode(t)
	for i, addr := range addrs {
		nodes = append(nodes, launch(t, path, addr, append(args(i), "-addr", addr, "-keep", "100000", "-lease", "3s", "-wait", "-replicas", "3")...))
	}
	for _, p := range nodes {
		p.up()
	}
	return nodes
}

func webSockets(nodes []*process) (urls []string) {
	for _, p := range nodes {
		urls = append(urls, p.ws())
	}
	return urls
}

// Three processes, each with a NATS of a cluster inside, streams on all three. One after
// the other is killed and comes back, while clients publish and listen on all; clients
// of the dead one come back to it. Nothing acknowledged is lost, all see one order.
func TestKillEachNode(t *testing.T) {
	t.Parallel()
	dir, ports := t.TempDir(), freePorts(t, 9)
	peers := strings.Join(ports[6:], ",")
	nodes := startNodes(t, ports[:3], func(i int) []string {
		return []string{
			"-name", fmt.Sprint("n", i), "-nats-addr", ports[3+i], "-peer-addr", ports[6+i], "-peers", peers,
			"-data", filepath.Join(dir, fmt.Sprint(i)),
		}
	})
	runFaults(t, webSockets(nodes), func(ctx context.Context, k *checker) {
		for _, p := range nodes {
			p.kill()
			k.goesOn(t, 2)
			p.start()
			p.up()
			k.goesOn(t, 3)
		}
	})
}

// Three processes on three of nats-server, and a proxy in front by which clients come to
// any of them. A process is killed, or stopped for longer than its lease, and its
// clients resume on another.
func TestResumeOnAnotherNode(t *testing.T) {
	t.Parallel()
	nats := startServers(t, ", sync_interval: always")
	for i := range nats.all {
		if !nats.syncAlways(i) {
			t.Errorf("server %d doesn't sync always", i)
		}
	}
	addrs := freePorts(t, 3)
	nodes := startNodes(t, addrs, func(i int) []string { return []string{"-join", nats.url(i)} })
	url := "ws://" + newProxy(t, addrs...).addr() + "/live"
	runFaults(t, []string{url, url, url}, func(ctx context.Context, k *checker) {
		for i, p := range nodes {
			if i == 2 {
				p.pause()
				k.goesOn(t, 3)
				alive(t, nats.url(0), 2)
				p.goOn()
			} else {
				p.kill()
				k.goesOn(t, 3)
				p.start()
			}
			p.up()
			alive(t, nats.url(0), 3)
		}
	})
}

// alive waits until so many nodes have a lease.
func alive(t *testing.T, url string, n int) {
	t.Helper()
	nc, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, fmt.Sprint(n, " nodes live"), func() bool {
		short, cancel := context.WithTimeout(ctx, apiLimit)
		defer cancel()
		leases, err := js.KeyValue(short, "godwit-nodes")
		if err != nil {
			return false
		}
		keys, err := leases.Keys(short)
		return err == nil && len(keys) == n
	})
}

// Three of nats-server, each with a Godwit process of its own: that of the server which is
// cut off is with the minority.
func startAll(t *testing.T) (*natsServers, []string) {
	t.Helper()
	servers := startServers(t, "")
	return servers, webSockets(startNodes(t, freePorts(t, 3), func(i int) []string { return []string{"-join", servers.url(i)} }))
}

// fault is something that happens to a server.
type fault struct {
	name      string
	do, after func(i int)
	cut       bool // the others lose it
}

// strike has faults happen to the server that leads the topic's stream, where they hurt
// most.
func (s *natsServers) strike(t *testing.T, urls []string, faults ...fault) {
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			runFaults(t, urls, func(ctx context.Context, k *checker) {
				i := s.leader()
				f.do(i)
				k.goesOn(t, 2)
				if f.cut {
					eventually(t, "it is cut off", func() bool { return s.peers(i) == 0 })
				}
				k.goesOn(t, 2)
				f.after(i)
				k.goesOn(t, 3)
			})
			for i := range s.all {
				eventually(t, "the servers are together again", func() bool { return s.peers(i) == 2 })
			}
		})
	}
}

// A server is cut off from the others, with its connections closed and without a word,
// and all of them from each other.
func TestPartitions(t *testing.T) {
	t.Parallel()
	s, urls := startAll(t)
	heal := func(i int) { s.isolate(i, passes) }
	s.strike(t, urls,
		fault{"severed", func(i int) { s.isolate(i, severed) }, heal, true},
		fault{"silent", func(i int) { s.isolate(i, held) }, heal, true})
	t.Run("all-apart", func(t *testing.T) {
		runFaults(t, urls, func(ctx context.Context, k *checker) {
			for i := range s.all {
				s.isolate(i, severed)
			}
			for i := range s.all {
				eventually(t, "they are apart", func() bool { return s.peers(i) == 0 })
			}
			for i := range s.all {
				heal(i)
			}
			k.goesOn(t, 3)
		})
	})
}

// A server is stopped for a while, and killed.
func TestServersFail(t *testing.T) {
	t.Parallel()
	s, urls := startAll(t)
	s.strike(t, urls,
		fault{"paused", func(i int) { s.all[i].pause() }, func(i int) { s.all[i].goOn() }, false},
		fault{"killed", func(i int) { s.all[i].kill() }, func(i int) { s.all[i].start() }, false})
}

// leader returns which server leads the stream of the topic that is published to.
func (s *natsServers) leader() (i int) {
	s.t.Helper()
	var urls []string
	for i := range s.all {
		urls = append(urls, s.url(i))
	}
	nc, err := nats.Connect(strings.Join(urls, ","))
	if err != nil {
		s.t.Fatal(err)
	}
	defer nc.Close()
	eventually(s.t, "a stream has a leader", func() bool {
		name, err := leaderOfBusiest(nc)
		i = slices.Index([]string{"s0", "s1", "s2"}, name)
		return err == nil && i >= 0
	})
	return i
}

// leaderOfBusiest returns who leads the stream with the most messages.
func leaderOfBusiest(nc *nats.Conn) (string, error) {
	answer, err := nc.Request("$JS.API.STREAM.LIST", nil, apiLimit)
	if err != nil {
		return "", err
	}
	var list struct {
		Streams []struct {
			Cluster struct{ Leader string }
			State   struct{ Messages int }
		}
	}
	if err := json.Unmarshal(answer.Data, &list); err != nil {
		return "", err
	}
	most, leader := -1, ""
	for _, s := range list.Streams {
		if s.State.Messages > most {
			most, leader = s.State.Messages, s.Cluster.Leader
		}
	}
	if leader == "" {
		return "", errors.New("no stream has a leader")
	}
	return leader, nil
}

// Nodes lose NATS and find it again, one by one and all at once.
func TestCutNodesOff(t *testing.T) {
	t.Parallel()
	cfg := together(t)
	var proxies []*proxy
	var urls []string
	for range 3 {
		p := newProxy(t, strings.TrimPrefix(cfg.URL, "nats://"))
		proxies = append(proxies, p)
		mine := cfg
		mine.URL = "nats://" + p.addr()
		urls = append(urls, join(t, mine).url)
	}
	runFaults(t, urls, func(ctx context.Context, k *checker) {
		for round := range 4 {
			cut := proxies[round%3 : round%3+1]
			if round == 3 {
				cut = proxies
			}
			for _, p := range cut {
				p.set(severed)
			}
			wait(ctx, heldFor)
			for _, p := range cut {
				p.set(passes)
			}
			k.goesOn(t, 3)
		}
	})
}
