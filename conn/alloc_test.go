//go:build !race

package conn_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/internal/memconn"
	"github.com/godwit-ws/godwit/frame"
)

// An unfragmented message costs no allocation, whoever sends it: with
// context.Background, and with a context that is used again.
func TestMessagesDoNotAllocate(t *testing.T) {
	again, cancel := context.WithCancel(t.Context())
	defer cancel()
	for _, op := range []conn.Opcode{conn.Text, conn.Binary} {
		for _, size := range []int{0, 125, 4 << 10, 48 << 10, 1 << 20} {
			for name, ctx := range map[string]context.Context{"background": context.Background(), "again": again} {
				t.Run(fmt.Sprintf("%v/size=%d/ctx=%s", op, size, name), func(t *testing.T) {
					server, client := pair(t, conn.Config{})
					message := bytes.Repeat([]byte("m"), size)
					wantNoAllocs(t, ctx, op, message, client, server)
				})
			}
		}
	}
}

// wantNoAllocs sends a message to and fro.
func wantNoAllocs(t *testing.T, ctx context.Context, op conn.Opcode, message []byte, client, server *conn.Conn) {
	t.Helper()
	stop := echoInto(server, ctx, len(message))
	dst := make([]byte, 0, len(message)+1)
	allocs := testing.AllocsPerRun(200, func() {
		if err := client.Write(ctx, op, message); err != nil {
			t.Fatal(err)
		}
		if _, got, err := client.ReadInto(ctx, dst); err != nil || len(got) != len(message) {
			t.Fatal(len(got), err)
		}
	})
	client.Close(context.Background(), frame.CodeNormal, "")
	<-stop
	if allocs != 0 {
		t.Errorf("%v allocations for a message to and fro", allocs)
	}
}

func TestHooksDoNotAllocate(t *testing.T) {
	server, client := pair(t, conn.Config{})
	done := make(chan struct{})
	go func() { defer close(done); server.Run(echoing{}) }()
	message, dst := bytes.Repeat([]byte("m"), 125), make([]byte, 0, 200)
	ctx := context.Background()
	allocs := testing.AllocsPerRun(500, func() {
		for range 8 {
			client.Write(ctx, conn.Text, message)
		}
		for range 8 {
			client.ReadInto(ctx, dst)
		}
	})
	client.Close(ctx, frame.CodeNormal, "")
	<-done
	if allocs != 0 {
		t.Errorf("%v allocations for eight messages to and fro", allocs)
	}
}

// A connection that waits holds no read buffer and little else, however it is
// driven, and however long the messages were that it has seen.
func TestIdleConnectionIsSmall(t *testing.T) {
	const n = 200
	styles := map[string]func(*conn.Conn){
		"read-into": func(c *conn.Conn) { echoInto(c, context.Background(), 0) },
		"messages":  func(c *conn.Conn) { go echoMessages(c) },
		"hooks":     func(c *conn.Conn) { go c.Run(echoing{}) },
	}
	message := make([]byte, 50_000)
	for name, serve := range styles {
		t.Run(name, func(t *testing.T) {
			before := heap()
			for range n {
				server, client := pair(t, conn.Config{})
				serve(server)
				client.Write(context.Background(), conn.Binary, message)
				client.Read(context.Background())
			}
			if each := (heap() - before) / n; each > 10<<10 {
				t.Errorf("%d bytes of heap for a server's and a client's idle connection", each)
			}
		})
	}
}

// Both sizes are just within one in which Go allocates: a field more costs each
// connection more than its own size. The second leaves 8 bytes for Go's header.
func TestSizes(t *testing.T) {
	if strconv.IntSize < 64 {
		t.Skip("sizes are for 64 bits")
	}
	if conn.SizeInTurns > 128 || conn.SizeOfBlocking > 1152-8 {
		t.Errorf("a connection is %d bytes, and %d more if it is driven by goroutines", conn.SizeInTurns, conn.SizeOfBlocking)
	}
}

func TestMessagesDoesNotAllocatePerMessage(t *testing.T) {
	server, client := pair(t, conn.Config{})
	done := make(chan error, 1)
	go func() { done <- echoMessages(server) }()
	message, dst := bytes.Repeat([]byte("m"), 20_000), make([]byte, 0, 20_000)
	ctx := context.Background()
	allocs := testing.AllocsPerRun(200, func() {
		client.Write(ctx, conn.Text, message)
		client.ReadInto(ctx, dst)
	})
	client.Close(ctx, frame.CodeNormal, "")
	if err := <-done; err != nil {
		t.Error(err)
	}
	if allocs != 0 {
		t.Errorf("%v allocations for a message to and fro", allocs)
	}
}

// A message posted to a connection whose socket takes it costs no allocation, and
// neither does one that finds no room, or replaces another.
func TestPostDoesNotAllocate(t *testing.T) {
	for _, size := range []int{0, 125, 16 << 10} {
		t.Run(fmt.Sprintf("taken/size=%d", size), func(t *testing.T) {
			server, client := pair(t, conn.Config{})
			m, err := conn.NewPrepared(conn.Binary, make([]byte, size))
			if err != nil {
				t.Fatal(err)
			}
			dst := make([]byte, 0, size+1)
			allocs := testing.AllocsPerRun(200, func() {
				if dropped, err := server.Post(m, conn.Posting{}); dropped != 0 || err != nil {
					t.Fatal(dropped, err)
				}
				if _, p, err := client.ReadInto(context.Background(), dst); len(p) != size || err != nil {
					t.Fatal(len(p), err)
				}
			})
			if allocs != 0 {
				t.Errorf("%v allocations for a message", allocs)
			}
		})
	}
	for _, p := range []conn.Posting{{Overflow: conn.DropNewest}, {Overflow: conn.DropOldest}, {Overflow: conn.KeepLatest, Key: "k"}} {
		t.Run(fmt.Sprintf("waits/overflow=%d", p.Overflow), func(t *testing.T) {
			server, _ := pair(t, conn.Config{WriteTimeout: -1})
			m, err := conn.NewPrepared(conn.Binary, make([]byte, 1000))
			if err != nil {
				t.Fatal(err)
			}
			for dropped := 0; dropped == 0; { // until nothing gets on
				dropped, _ = server.Post(m, p)
			}
			for range 2000 { // until the queue is as large as it gets
				server.Post(m, p)
			}
			if allocs := testing.AllocsPerRun(200, func() { server.Post(m, p) }); allocs != 0 {
				t.Errorf("%v allocations for a message", allocs)
			}
		})
	}
}

// An opening handshake that is looked at before it is answered costs no more
// allocations than the engine's first, which did both at once: 26 on a bare
// connection, 23 under net/http, those of the pipe and of the test's own included.
func TestOpeningAllocations(t *testing.T) {
	u, request, sink := new(conn.Upgrader), []byte(opening()), make([]byte, 4096)
	opens := func(accept func(server, client net.Conn) (*conn.Conn, error)) float64 {
		return testing.AllocsPerRun(100, func() {
			server, client := memconn.Pipe()
			c, err := accept(server, client)
			if err != nil {
				t.Fatal(err)
			}
			client.Read(sink)
			c.Abort()
			client.Close()
		})
	}
	bare := opens(func(server, client net.Conn) (*conn.Conn, error) {
		client.Write(request)
		return u.Accept(context.Background(), server)
	})
	r := opened()
	http := opens(func(server, _ net.Conn) (*conn.Conn, error) {
		return u.Upgrade(hijackable{httptest.NewRecorder(), server}, r)
	})
	if bare > 26 || http > 23 {
		t.Errorf("%v allocations on a bare connection, %v under net/http", bare, http)
	}
}

// hijackable gives nc away.
type hijackable struct {
	*httptest.ResponseRecorder
	nc net.Conn
}

func (h hijackable) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.nc, bufio.NewReadWriter(bufio.NewReaderSize(h.nc, 16), nil), nil
}
