package app_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/app"
)

// fromAddr is a connection whose peer has an IP address.
type fromAddr struct {
	net.Conn
	remote net.Addr
}

func (c *fromAddr) LocalAddr() net.Addr  { return pipeAddr{} }
func (c *fromAddr) RemoteAddr() net.Addr { return c.remote }

// connect opens a connection that comes from a client's address.
func (p *pipes) connect(client string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	remote := net.TCPAddrFromAddrPort(netip.MustParseAddrPort(client))
	select {
	case p.conns <- &fromAddr{theirs, remote}:
		return ours, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// serveMemory is serve inside a bubble, on pipes in place of a port.
func serveMemory(t *testing.T, c app.Config, add func(*app.Router)) (*app.Server, *pipes) {
	t.Helper()
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	s, err := app.New(c)
	if err != nil {
		t.Fatal(err)
	}
	add(s.Router())
	m := newPipes()
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

// open connects with a client that speaks in frames.
func (p *pipes) open(t *testing.T, path string) *framePeer {
	t.Helper()
	return p.openFrom(t, "192.0.2.7:7777", path)
}

func (p *pipes) openFrom(t *testing.T, client, path string) *framePeer {
	t.Helper()
	peer := p.openDeaf(t, client, path)
	peer.listen()
	return peer
}

// openDeaf opens a connection whose client doesn't read once the handshake is done.
func (p *pipes) openDeaf(t *testing.T, client, path string) *framePeer {
	t.Helper()
	nc, err := p.connect(client)
	if err != nil {
		t.Fatal(err)
	}
	return newFramePeer(t, nc, "godwit", path)
}

// ask sends a request as it stands and returns the answer, up to the end of the
// connection.
func (p *pipes) ask(t *testing.T, request string) string {
	t.Helper()
	nc, err := p.connect("192.0.2.7:7777")
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

// quiet is a logger that says nothing.
var quiet = slog.New(slog.DiscardHandler)
