package app_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
)

// memory is a net.Listener whose connections are pipes: inside a bubble of
// testing/synctest time passes only while everybody waits, so that timeouts are
// exact and take no time.
type memory struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

var _ net.Listener = (*memory)(nil)

// Accept implements net.Listener.
func (m *memory) Accept() (net.Conn, error) {
	select {
	case nc := <-m.conns:
		return nc, nil
	case <-m.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (m *memory) Close() error {
	m.once.Do(func() { close(m.closed) })
	return nil
}

// Addr implements net.Listener.
func (m *memory) Addr() net.Addr { return memoryAddr }

var memoryAddr = net.TCPAddrFromAddrPort(netip.MustParseAddrPort("192.0.2.1:80"))

// fromAddr is a connection whose peer has an IP address.
type fromAddr struct {
	net.Conn
	remote net.Addr
}

func (c *fromAddr) LocalAddr() net.Addr  { return memoryAddr }
func (c *fromAddr) RemoteAddr() net.Addr { return c.remote }

// connect opens a connection that comes from a client's address.
func (m *memory) connect(client string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	remote := net.TCPAddrFromAddrPort(netip.MustParseAddrPort(client))
	select {
	case m.conns <- &fromAddr{theirs, remote}:
		return ours, nil
	case <-m.closed:
		return nil, errors.New("connection refused")
	}
}

// serveMemory is serve inside a bubble, on pipes in place of a port.
func serveMemory(t *testing.T, c app.Config, add func(*app.Router)) (*app.Server, *memory) {
	t.Helper()
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	s, err := app.New(c)
	if err != nil {
		t.Fatal(err)
	}
	add(s.Router())
	m := &memory{conns: make(chan net.Conn), closed: make(chan struct{})}
	served := make(chan error, 1)
	go func() { served <- s.Serve(m) }()
	t.Cleanup(func() {
		if err := s.Shutdown(context.Background()); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		if err := <-served; !errors.Is(err, app.ErrServerClosed) {
			t.Errorf("Serve: %v", err)
		}
	})
	return s, m
}

// dial connects with our own client.
func (m *memory) dial(t *testing.T, path string) *conn.Conn {
	t.Helper()
	d := &conn.Dialer{NetDial: func(context.Context, string, string) (net.Conn, error) {
		return m.connect("192.0.2.7:7777")
	}}
	c, err := d.Dial(context.Background(), "ws://192.0.2.1"+path)
	if err != nil {
		t.Fatalf("dial %s: %v", path, err)
	}
	t.Cleanup(c.Abort)
	return c
}

// open connects with a client that speaks in frames.
func (m *memory) open(t *testing.T, path string) *framePeer {
	t.Helper()
	return m.openFrom(t, "192.0.2.7:7777", path)
}

func (m *memory) openFrom(t *testing.T, client, path string) *framePeer {
	t.Helper()
	p := m.openDeaf(t, client, path)
	p.listen()
	return p
}

// openDeaf opens a connection whose client doesn't read once the handshake is done.
func (m *memory) openDeaf(t *testing.T, client, path string) *framePeer {
	t.Helper()
	nc, err := m.connect(client)
	if err != nil {
		t.Fatal(err)
	}
	return newFramePeer(t, nc, "192.0.2.1", path)
}

// ask sends a request as it stands and returns the answer, up to the end of the
// connection.
func (m *memory) ask(t *testing.T, request string) string {
	t.Helper()
	nc, err := m.connect("192.0.2.7:7777")
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	go io.WriteString(nc, request)
	answer, _ := io.ReadAll(nc) // the end of a pipe that was closed
	return string(answer)
}

// forEver is the patience of tests inside a bubble: how long something takes is
// asserted there, not bounded.
const forEver = 1000 * time.Hour
