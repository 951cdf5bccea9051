package load_test

import (
	"context"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/godwit-ws/godwit/conn"
)

// hooks serves connections with one function for messages.
type hooks struct {
	message func(c *conn.Conn, op conn.Opcode, p []byte) error
	open    func(c *conn.Conn) error
}

func (h hooks) OnOpen(c *conn.Conn) error {
	if h.open == nil {
		return nil
	}
	return h.open(c)
}

func (h hooks) OnMessage(c *conn.Conn, op conn.Opcode, p []byte) error { return h.message(c, op, p) }

func (h hooks) OnClose(*conn.Conn, *conn.CloseError) {}

// echo sends a message back.
func echo(c *conn.Conn, op conn.Opcode, p []byte) error {
	return c.Write(context.Background(), op, p)
}

// serve runs a WebSocket server until the test ends, and returns its URL.
func serve(t *testing.T, h hooks) string {
	t.Helper()
	up := &conn.Upgrader{Config: conn.Config{Compression: conn.Compression{Enabled: true}}}
	return "ws://" + listen(t, func(nc net.Conn) {
		c, err := up.Accept(context.Background(), nc)
		if err != nil {
			return // the test's own dialling failed, which it reports
		}
		c.Run(h) // how it ends is the test's business
	}) + "/path?query"
}

// serveTCP runs a server that sends every byte back.
func serveTCP(t *testing.T) string {
	t.Helper()
	return "tcp://" + listen(t, func(nc net.Conn) { io.Copy(nc, nc) })
}

// listen runs a TCP server until the test ends, and returns its address.
func listen(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var all []net.Conn
	wg.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			all = append(all, nc)
			mu.Unlock()
			wg.Go(func() {
				defer nc.Close()
				serve(nc)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, nc := range all {
			nc.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return l.Addr().String()
}

// broadcaster sends each message to all connections.
type broadcaster struct {
	mu    sync.Mutex
	conns []*conn.Conn
}

func (b *broadcaster) join(c *conn.Conn) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.conns = append(b.conns, c)
	return nil
}

func (b *broadcaster) send(_ *conn.Conn, op conn.Opcode, p []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.conns {
		c.Write(context.Background(), op, p) // one that has gone is no reason to fail the sender
	}
	return nil
}
