package conn_test

import (
	"context"
	"crypto/tls"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/internal/memconn"
)

// transport makes the two ends of a WebSocket connection over something, and gives
// a function by which that is lost.
type transport func(t testing.TB, server, client conn.Config) (s, c *conn.Conn, cut func())

// joined makes a connection of two ends.
func joined(t testing.TB, server, client conn.Config, a, b net.Conn) (s, c *conn.Conn) {
	t.Helper()
	accepted := make(chan *conn.Conn, 1)
	go func() {
		s, err := (&conn.Upgrader{Config: server}).Accept(context.Background(), a)
		if err != nil {
			t.Error(err)
		}
		accepted <- s
	}()
	d := &conn.Dialer{Config: client, Proxy: nil, NetDial: func(context.Context, string, string) (net.Conn, error) { return b, nil }}
	c, err := d.Dial(context.Background(), "ws://a.example/")
	if s = <-accepted; err != nil || s == nil {
		t.Fatal(err)
	}
	return s, c
}

func overMemory(t testing.TB, server, client conn.Config) (s, c *conn.Conn, cut func()) {
	a, b := memconn.Pipe()
	s, c = joined(t, server, client, a, b)
	return s, c, a.(*memconn.Conn).Abort
}

func overNetPipe(t testing.TB, server, client conn.Config) (s, c *conn.Conn, cut func()) {
	a, b := net.Pipe()
	s, c = joined(t, server, client, a, b)
	return s, c, func() { a.Close() }
}

func overChopped(t testing.TB, server, client conn.Config) (s, c *conn.Conn, cut func()) {
	a, b := memconn.Pipe()
	s, c = joined(t, server, client, chop(a), chop(b))
	return s, c, a.(*memconn.Conn).Abort
}

// chop returns nc with reads of a few bytes only, and writes in pieces.
func chop(nc net.Conn) net.Conn {
	var calls atomic.Uint64
	piece := func(p []byte) []byte { return p[:min(uint64(len(p)), 1+calls.Add(7919)%700)] }
	return &odd{
		Conn: nc,
		read: func(p []byte) (int, error) { return nc.Read(piece(p)) },
		write: func(p []byte) (n int, err error) {
			for n < len(p) && err == nil {
				var m int
				m, err = nc.Write(piece(p[n:]))
				n += m
			}
			return n, err
		},
	}
}

// overLate has bytes come late, in pieces and merged with others, and taken late; the
// connection is lost in the middle of what is written then. It is for bubbles.
func overLate(t testing.TB, server, client conn.Config) (s, c *conn.Conn, cut func()) {
	a, b := memconn.Pipe()
	lose := make(chan struct{})
	s, c = joined(t, server, client, late(a, lose), late(b, lose))
	return s, c, func() {
		close(lose)
		time.AfterFunc(20*time.Millisecond, a.(*memconn.Conn).Abort) // where nobody writes any more
	}
}

// late returns nc with delays and pieces of its own; once lose is closed, if it isn't nil,
// a write is broken off.
func late(nc net.Conn, lose <-chan struct{}) net.Conn {
	var calls atomic.Uint64
	dice := func(n uint64) uint64 { return calls.Add(7919) * 0x9E3779B97F4A7C15 >> 33 % n }
	nap := func() {
		if dice(5) == 0 {
			time.Sleep(time.Duration(dice(3000)) * time.Microsecond)
		}
	}
	return &odd{
		Conn: nc,
		read: func(p []byte) (int, error) {
			nap()
			return nc.Read(p[:min(uint64(len(p)), 1+dice(5000))])
		},
		write: func(p []byte) (n int, err error) {
			for n < len(p) && err == nil {
				nap()
				select {
				case <-lose:
					nc.(*memconn.Conn).Abort()
				default:
				}
				var m int
				m, err = nc.Write(p[n:][:min(uint64(len(p)-n), 1+dice(5000))])
				n += m
			}
			return n, err
		},
	}
}

func overMemoryTLS(t testing.TB, server, client conn.Config) (s, c *conn.Conn, cut func()) {
	a, b := memconn.Pipe()
	s, c = joinedTLS(t, server, client, a, b)
	return s, c, a.(*memconn.Conn).Abort
}

func joinedTLS(t testing.TB, server, client conn.Config, a, b net.Conn) (s, c *conn.Conn) {
	return joinedTLSBy(t, server, client, tls.Server(a, serverTLS()), b)
}

// joinedTLSBy is joinedTLS where the server's end has its TLS already.
func joinedTLSBy(t testing.TB, server, client conn.Config, secured *tls.Conn, b net.Conn) (s, c *conn.Conn) {
	cfg := clientTLS()
	cfg.ServerName = "a.example"
	return joined(t, server, client, secured, tls.Client(b, cfg))
}

func overTCP(t testing.TB, server, client conn.Config) (s, c *conn.Conn, cut func()) {
	a, b := sockets(t, "tcp", "127.0.0.1:0")
	s, c = joined(t, server, client, a, b)
	return s, c, func() { a.Close() }
}

func overTLS(t testing.TB, server, client conn.Config) (s, c *conn.Conn, cut func()) {
	a, b := sockets(t, "tcp", "127.0.0.1:0")
	s, c = joinedTLS(t, server, client, a, b)
	return s, c, func() { a.Close() }
}

func overUnix(t testing.TB, server, client conn.Config) (s, c *conn.Conn, cut func()) {
	a, b := sockets(t, "unix", t.TempDir()+"/s")
	s, c = joined(t, server, client, a, b)
	return s, c, func() { a.Close() }
}

// sockets returns the two ends of a connection through the kernel.
func sockets(t testing.TB, network, addr string) (a, b net.Conn) {
	t.Helper()
	l, err := net.Listen(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if b, err = net.Dial(network, l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if a, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	return a, b
}
