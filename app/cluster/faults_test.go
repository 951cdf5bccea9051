package cluster_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/app/client"
)

// proxy passes connections on to an address, until it is cut.
type proxy struct {
	net.Listener
	to string

	mu    sync.Mutex
	cut   bool
	conns map[net.Conn]struct{}
}

func newProxy(t *testing.T, to string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{Listener: l, to: to, conns: make(map[net.Conn]struct{})}
	t.Cleanup(func() { l.Close(); p.sever(true) })
	go p.serve()
	return p
}

func (p *proxy) serve() {
	for {
		in, err := p.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", p.to)
		p.mu.Lock()
		if err != nil || p.cut {
			in.Close()
			if out != nil {
				out.Close()
			}
		} else {
			p.conns[in], p.conns[out] = struct{}{}, struct{}{}
			go p.pass(in, out)
			go p.pass(out, in)
		}
		p.mu.Unlock()
	}
}

func (p *proxy) pass(from, to net.Conn) {
	io.Copy(to, from)
	from.Close()
	to.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, from)
}

// sever cuts everything that passes, and, as long as it stays cut, what is to come.
func (p *proxy) sever(cut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cut = cut; !cut {
		return
	}
	for c := range p.conns {
		c.Close()
	}
}

// process is a godwit that is killed and started again with the same arguments.
type process struct {
	t    *testing.T
	path string
	args []string
	addr string
	cmd  *exec.Cmd
	out  *bytes.Buffer
}

func (p *process) start() {
	p.t.Helper()
	p.cmd, p.out = exec.Command(p.path, p.args...), new(bytes.Buffer)
	p.cmd.Stderr = p.out
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
}

// kill is kill -9.
func (p *process) kill() {
	p.cmd.Process.Kill()
	p.cmd.Wait()
}

func (p *process) ws() string { return "ws://" + p.addr + "/live" }

// up waits until the node takes connections.
func (p *process) up() {
	p.t.Helper()
	eventually(p.t, "a node is up: "+p.addr, func() bool {
		c, err := net.Dial("tcp", p.addr)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

// freePorts returns addresses that were free a moment ago.
func freePorts(t *testing.T, n int) (all []string) {
	t.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		all = append(all, l.Addr().String())
	}
	return all
}

// buildNode builds the command.
func buildNode(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("builds and kills processes")
	}
	path := filepath.Join(t.TempDir(), "godwit")
	if out, err := exec.Command("go", "build", "-o", path, "./cmd/godwit").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return path
}

// checker publishes numbers from a node, and knows which were acknowledged.
type checker struct {
	mu    sync.Mutex
	acked []string
}

// publish publishes until ctx ends, each number until it is acknowledged.
func (k *checker) publish(ctx context.Context, c *client.Client, name string) {
	for i := 0; ctx.Err() == nil; i++ {
		id := fmt.Sprint(name, ":", i)
		for ctx.Err() == nil {
			attempt, cancel := context.WithTimeout(ctx, 20*time.Second)
			_, err := c.PublishWith(attempt, "kept", client.JSON(id), client.Publication{Once: id})
			cancel()
			if err == nil {
				k.mu.Lock()
				k.acked = append(k.acked, id)
				k.mu.Unlock()
				break
			}
			if _, refused := errors.AsType[*client.RequestError](err); !refused && !errors.Is(err, client.ErrBroken) && ctx.Err() == nil {
				return
			}
			wait(ctx, 20*time.Millisecond)
		}
	}
}

func (k *checker) count() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.acked)
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// check compares what listeners saw with what was acknowledged: everything, once, each
// publisher's in order, in one order for all, and no gap.
func (k *checker) check(t *testing.T, listeners []*listener) {
	t.Helper()
	k.mu.Lock()
	acked := append([]string(nil), k.acked...)
	k.mu.Unlock()
	for i, l := range listeners {
		place := make(map[string]int)
		has := func() bool {
			seen := l.all()
			clear(place)
			for n, id := range seen {
				id = strings.Trim(id, `"`)
				if _, twice := place[id]; twice {
					t.Fatalf("listener %d saw %s twice", i, id)
				}
				place[id] = n
			}
			for _, id := range acked {
				if _, ok := place[id]; !ok {
					return false
				}
			}
			return true
		}
		eventually(t, fmt.Sprintf("listener %d has all %d acknowledged messages", i, len(acked)), has)
		if _, gap := place["gap"]; gap {
			t.Errorf("listener %d saw a gap", i)
		}
		order := make(map[string]int)
		for _, id := range l.all() {
			name, digits, ok := strings.Cut(strings.Trim(id, `"`), ":")
			n := 0
			fmt.Sscan(digits, &n)
			if ok && n != order[name] {
				t.Fatalf("listener %d saw %s:%d where %d was next", i, name, n, order[name])
			}
			order[name]++
		}
	}
	first := listeners[0].all()
	for i, l := range listeners[1:] {
		n := min(len(first), len(l.all()))
		if a, b := strings.Join(first[:n], " "), strings.Join(l.all()[:n], " "); a != b {
			t.Errorf("listeners 0 and %d saw different orders", i+1)
		}
	}
}

// Three processes, each with a NATS of a cluster inside, streams on all three. One after
// the other is killed and comes back, while clients publish and listen on all; clients
// of the dead one come back to it. Nothing acknowledged is lost, all see one order.
func TestKillEachNode(t *testing.T) {
	path := buildNode(t)
	dir, ports := t.TempDir(), freePorts(t, 9)
	peers := strings.Join(ports[6:], ",")
	var nodes []*process
	for i := range 3 {
		p := &process{t: t, path: path, addr: ports[i], args: []string{
			"-addr", ports[i], "-name", fmt.Sprint("n", i), "-nats-addr", ports[3+i], "-peer-addr", ports[6+i], "-peers", peers,
			"-replicas", "3", "-data", filepath.Join(dir, fmt.Sprint(i)), "-keep", "100000", "-lease", "2s", "-wait",
		}}
		p.start()
		t.Cleanup(func() {
			p.kill()
			if t.Failed() {
				t.Logf("%v:\n%s", p.args, p.out)
			}
		})
		nodes = append(nodes, p)
	}
	var urls []string
	for _, p := range nodes {
		p.up()
		urls = append(urls, p.ws())
	}
	runFaults(t, urls, func(ctx context.Context, k *checker) {
		for round := range 3 {
			nodes[round].kill()
			wait(ctx, time.Second)
			nodes[round].start()
			nodes[round].up()
			before := k.count()
			eventually(t, "publishing goes on", func() bool { return k.count() > before+20 })
			wait(ctx, time.Second)
		}
	})
}

// Nodes lose NATS and find it again, one by one and all at once.
func TestCutNodesOff(t *testing.T) {
	nats := startNATS(t)
	var proxies []*proxy
	var urls []string
	for range 3 {
		p := newProxy(t, strings.TrimPrefix(nats.url(), "nats://"))
		proxies = append(proxies, p)
		urls = append(urls, join(t, quick("nats://"+p.Addr().String())).url)
	}
	runFaults(t, urls, func(ctx context.Context, k *checker) {
		for round := range 8 {
			cut := proxies[round%3 : round%3+1]
			if round%4 == 3 {
				cut = proxies
			}
			for _, p := range cut {
				p.sever(true)
			}
			wait(ctx, 200*time.Millisecond)
			for _, p := range cut {
				p.sever(false)
			}
			before := k.count()
			eventually(t, "publishing goes on", func() bool { return k.count() > before+20 })
		}
	})
}

// runFaults has a client publish and another listen on each node while faults happen,
// then checks what all saw, and that everybody agrees on who is there.
func runFaults(t *testing.T, urls []string, faults func(ctx context.Context, k *checker)) {
	t.Helper()
	var listeners []*listener
	for _, url := range urls {
		listeners = append(listeners, listen(t, url, "kept", "", false))
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	k := new(checker)
	var publishers sync.WaitGroup
	for i, url := range urls {
		c, err := client.New(client.Config{URL: url, MinWait: 20 * time.Millisecond, MaxWait: 200 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		publishers.Go(func() { k.publish(ctx, c, fmt.Sprint("p", i)) })
	}
	eventually(t, "publishing has begun", func() bool { return k.count() > 20 })
	faults(ctx, k)
	stop()
	publishers.Wait()
	k.check(t, listeners)
	t.Logf("%d messages were acknowledged", k.count())
	for _, l := range listeners {
		eventually(t, "everybody is seen by everybody", func() bool {
			short, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			m, err := l.Members(short, "kept")
			return err == nil && len(m) == len(urls)
		})
	}
}
