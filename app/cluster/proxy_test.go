package cluster_test

import (
	"net"
	"sync"
	"testing"
)

// proxy passes connections on to the first of some addresses that takes them, beginning
// with another one each time: a load balancer, or with one address a wire that can be cut.
type proxy struct {
	net.Listener

	mu     sync.Mutex // guards the fields below
	change *sync.Cond // of state
	state  proxyState
	next   int
	to     []string
	conns  map[net.Conn]struct{}
}

// proxyState is what a proxy does with what passes.
type proxyState uint8

const (
	passes  proxyState = iota
	severed            // connections are closed, those to come at once
	held               // nothing arrives, and nobody is told: as when a cable is pulled
	gone               // the test is over
)

func newProxy(t testing.TB, to ...string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{Listener: l, to: to, conns: make(map[net.Conn]struct{})}
	p.change = sync.NewCond(&p.mu)
	t.Cleanup(func() { l.Close(); p.set(gone) })
	go p.serve()
	return p
}

func (p *proxy) addr() string { return p.Addr().String() }

func (p *proxy) serve() {
	for {
		in, err := p.Accept()
		if err != nil {
			return
		}
		go p.connect(in)
	}
}

func (p *proxy) connect(in net.Conn) {
	if !p.wait() {
		in.Close()
		return
	}
	out := p.dial()
	p.mu.Lock()
	defer p.mu.Unlock()
	if out == nil || p.state == severed || p.state == gone {
		in.Close()
		if out != nil {
			out.Close()
		}
		return
	}
	p.conns[in], p.conns[out] = struct{}{}, struct{}{}
	go p.pass(in, out)
	go p.pass(out, in)
}

// dial connects to the first address that takes the connection, nil if none does.
func (p *proxy) dial() net.Conn {
	p.mu.Lock()
	first := p.next
	p.next++
	p.mu.Unlock()
	for i := range p.to {
		if out, err := net.Dial("tcp", p.to[(first+i)%len(p.to)]); err == nil {
			return out
		}
	}
	return nil
}

// wait waits while everything is held, and reports whether anything may pass.
func (p *proxy) wait() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.state == held {
		p.change.Wait()
	}
	return p.state == passes
}

// pass passes on what comes, the end too.
func (p *proxy) pass(from, to net.Conn) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if !p.wait() {
			break
		}
		if n > 0 {
			if _, err := to.Write(buf[:n]); err != nil {
				break
			}
		}
		if err != nil {
			break
		}
	}
	from.Close()
	to.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, from)
}

func (p *proxy) set(s proxyState) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state = s
	p.change.Broadcast()
	if s == severed || s == gone {
		for c := range p.conns {
			c.Close()
		}
	}
}

// A proxy does what the fault tests count on.
func TestProxy(t *testing.T) {
	t.Parallel()
	echo, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer echo.Close()
	go func() {
		for {
			c, err := echo.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				buf := make([]byte, 16)
				for {
					n, err := c.Read(buf)
					if err != nil {
						return
					}
					c.Write(buf[:n])
				}
			}()
		}
	}()
	p := newProxy(t, "127.0.0.1:1", echo.Addr().String())
	for range 3 { // whichever of its addresses it begins with
		c := dialTCP(t, p.addr())
		if got := exchange(c, "a"); got != "a" {
			t.Fatalf("through a proxy: %q", got)
		}
	}
	c := dialTCP(t, p.addr())
	exchange(c, "a")
	p.set(held)
	c.Write([]byte("b"))
	fresh := dialTCP(t, p.addr())
	fresh.Write([]byte("c"))
	for _, c := range []net.Conn{c, fresh} {
		c.SetReadDeadline(deadline(heldFor))
		if n, err := c.Read(make([]byte, 1)); n > 0 || !isTimeout(err) {
			t.Errorf("while everything is held: %d, %v", n, err)
		}
		c.SetReadDeadline(deadline(patience))
	}
	p.set(passes)
	for c, want := range map[net.Conn]string{c: "b", fresh: "c"} {
		if got := exchange(c, ""); got != want {
			t.Errorf("after it: %q, want %q", got, want)
		}
	}
	p.set(severed)
	for _, c := range []net.Conn{c, dialTCP(t, p.addr())} {
		if got := exchange(c, "d"); got != "" {
			t.Errorf("severed: %q", got)
		}
	}
}
