package conn_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/handshake"
)

// echoMessages sends every message back. It stands in the README too.
func echoMessages(c *conn.Conn) error {
	for m, err := range c.Messages(c.Context()) {
		if err != nil {
			return err
		}
		if err := c.Write(c.Context(), m.Opcode, m.Data); err != nil {
			return err
		}
	}
	return nil
}

// sayHello sends a message and prints the answer. It stands in the README too.
func sayHello(ctx context.Context, url string) error {
	c, err := conn.Dial(ctx, url)
	if err != nil {
		return err
	}
	defer c.Abort() // does nothing after Close
	if err := c.WriteText(ctx, "hello"); err != nil {
		return err
	}
	_, p, err := c.Read(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("%s\n", p)
	return c.Close(ctx, conn.CodeNormal, "")
}

// An echo server under net/http.
func ExampleHandler() {
	mux := http.NewServeMux()
	mux.Handle("/echo", conn.Handler(echoMessages))

	srv := httptest.NewServer(mux)
	defer srv.Close()
	if err := sayHello(context.Background(), srv.URL+"/echo"); err != nil {
		log.Fatal(err)
	}
	// Output: hello
}

// A client that sends a message and prints the answer.
func ExampleDial() {
	srv := httptest.NewServer(conn.Handler(echoMessages))
	defer srv.Close()
	err := sayHello(context.Background(), srv.URL) // http:// means ws:// here
	fmt.Println(err)
	// Output:
	// hello
	// <nil>
}

// A client with compression, a subprotocol, and a field of its own.
func ExampleDialer() {
	up := &conn.Upgrader{
		Config:       conn.Config{Compression: conn.Compression{Enabled: true}},
		Subprotocols: []string{"chat"},
	}
	srv := httptest.NewServer(up.Handler(echoMessages))
	defer srv.Close()

	d := &conn.Dialer{
		Config:       conn.Config{PingInterval: 30 * time.Second, Compression: conn.Compression{Enabled: true}},
		Header:       http.Header{"Authorization": {"Bearer secret"}},
		Subprotocols: []string{"chat"},
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c, err := d.Dial(ctx, srv.URL)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(c.Subprotocol(), c.Compressed())
	fmt.Println(c.Close(ctx, conn.CodeNormal, ""))
	// Output:
	// chat true
	// <nil>
}

// What a server answers other than 101 is in the error.
func ExampleDialError() {
	srv := httptest.NewServer(http.NotFoundHandler())
	defer srv.Close()

	_, err := conn.Dial(context.Background(), srv.URL)
	if e, ok := errors.AsType[*conn.DialError](err); ok {
		fmt.Printf("%d: %s", e.Status, e.Body)
	}
	// Output: 404: 404 page not found
}

// A server that takes compression, subprotocols, and pages of another origin,
// and looks at a cookie before it accepts.
func ExampleUpgrader() {
	up := &conn.Upgrader{
		Config:       conn.Config{MaxMessageSize: 64 << 10, Compression: conn.Compression{Enabled: true}},
		Origins:      handshake.Origins{Allow: []string{"https://*.example.com"}},
		Subprotocols: []string{"chat.v2", "chat.v1"},
		Check: func(r *handshake.Request) ([]handshake.Field, error) {
			if r.Get("Cookie") == "" {
				return nil, &handshake.Refusal{Status: http.StatusUnauthorized, Reason: "log in first"}
			}
			return nil, nil
		},
	}
	srv := httptest.NewServer(up.Handler(echoMessages))
	defer srv.Close()

	ctx := context.Background()
	_, err := conn.Dial(ctx, srv.URL)
	if e, ok := errors.AsType[*conn.DialError](err); ok {
		fmt.Printf("%d: %s", e.Status, e.Body)
	}
	d := &conn.Dialer{
		Config:       conn.Config{Compression: conn.Compression{Enabled: true}},
		Header:       http.Header{"Cookie": {"session=1"}, "Origin": {"https://www.example.com"}},
		Subprotocols: []string{"chat.v1"},
	}
	c, err := d.Dial(ctx, srv.URL)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(c.Subprotocol(), c.Compressed())
	c.Close(ctx, conn.CodeNormal, "")
	// Output:
	// 401: log in first
	// chat.v1 true
}

// Where an http.Handler does other things too, it upgrades for itself. The
// connection is then its own to close.
func ExampleUpgrade() {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := conn.Upgrade(w, r)
		if err != nil {
			return // the client has been answered
		}
		go func() {
			defer c.Abort()
			c.WriteText(c.Context(), "welcome")
			c.Close(c.Context(), conn.CodeNormal, "bye")
		}()
	}))
	defer srv.Close()

	ctx := context.Background()
	c, err := conn.Dial(ctx, srv.URL)
	if err != nil {
		log.Fatal(err)
	}
	for m := range c.Messages(ctx) {
		fmt.Printf("%s\n", m.Data)
	}
	fmt.Println(c.Err())
	// Output:
	// welcome
	// websocket closed by peer: 1000 normal, reason "bye"
}

// A server on a bare listener, without net/http.
func ExampleAccept() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				c, err := conn.Accept(context.Background(), nc)
				if err != nil {
					return // the client has been answered
				}
				defer c.Abort() // however echoMessages ends
				echoMessages(c)
			}()
		}
	}()

	if err := sayHello(context.Background(), "ws://"+l.Addr().String()); err != nil {
		log.Fatal(err)
	}
	// Output: hello
}

// upper answers each message in capitals.
type upper struct{}

func (upper) OnOpen(c *conn.Conn) error { return c.WriteText(c.Context(), "ready") }

func (upper) OnMessage(c *conn.Conn, op conn.Opcode, p []byte) error {
	for i, b := range p { // p is ours until we return
		if 'a' <= b && b <= 'z' {
			p[i] = b - 'a' + 'A'
		}
	}
	return c.Write(c.Context(), op, p)
}

func (upper) OnClose(_ *conn.Conn, e *conn.CloseError) { fmt.Println("server:", e) }

// Hooks are the fastest way to drive a connection.
func ExampleConn_Run() {
	server, client := conn.Pipe(conn.Config{}, conn.Config{})
	done := make(chan error)
	go func() { done <- server.Run(upper{}) }()

	ctx := context.Background()
	client.WriteText(ctx, "hello")
	for range 2 {
		_, p, err := client.Read(ctx)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s\n", p)
	}
	client.Close(ctx, conn.CodeNormal, "thanks")
	<-done
	// Output:
	// ready
	// HELLO
	// server: websocket closed by peer: 1000 normal, reason "thanks"
}

// counter answers each message with its number.
type counter struct{ n int }

func (h *counter) OnOpen(*conn.Conn) error { return nil }

func (h *counter) OnMessage(c *conn.Conn, _ conn.Opcode, _ []byte) error {
	h.n++
	return c.WriteText(c.Context(), strconv.Itoa(h.n))
}

func (h *counter) OnClose(*conn.Conn, *conn.CloseError) {}

// A server with many connections that are mostly quiet leaves them to goroutines that
// take little memory while they wait.
func ExampleConn_Serve() {
	l, err := conn.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				if c, err := conn.Accept(context.Background(), nc); err == nil { // else the client has been answered
					c.Serve(new(counter))
				}
			}()
		}
	}()

	ctx := context.Background()
	c, err := conn.Dial(ctx, "ws://"+l.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	for range 2 {
		c.WriteText(ctx, "next")
		_, p, err := c.Read(ctx)
		fmt.Printf("%s %v\n", p, err)
	}
	c.Close(ctx, conn.CodeNormal, "")
	// Output:
	// 1 <nil>
	// 2 <nil>
}

// Pipe is for tests: two ends of a connection, without sockets.
func ExamplePipe() {
	server, client := conn.Pipe(conn.Config{}, conn.Config{})
	go echoMessages(server)

	ctx := context.Background()
	client.WriteText(ctx, "no sockets")
	_, p, err := client.Read(ctx)
	fmt.Printf("%s %v\n", p, err)
	client.Close(ctx, conn.CodeNormal, "")
	// Output: no sockets <nil>
}

// A context that ends during a read leaves the connection usable.
func ExampleConn_Read() {
	server, client := conn.Pipe(conn.Config{}, conn.Config{})
	defer server.Abort()

	short, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	_, _, err := client.Read(short)
	fmt.Println(err)

	ctx := context.Background()
	server.WriteText(ctx, "late, but in time for the next read")
	op, p, err := client.Read(ctx)
	fmt.Printf("%v: %s, %v\n", op, p, err)
	// Output:
	// conn: read: context deadline exceeded
	// text: late, but in time for the next read, <nil>
}

// ReadInto reads into memory that is used again and again.
func ExampleConn_ReadInto() {
	server, client := conn.Pipe(conn.Config{}, conn.Config{})
	go func() {
		server.WriteText(context.Background(), "one")
		server.WriteText(context.Background(), "two")
		server.Close(context.Background(), conn.CodeNormal, "")
	}()

	var buf []byte
	for {
		_, p, err := client.ReadInto(context.Background(), buf)
		if err != nil {
			fmt.Println(err)
			break
		}
		fmt.Printf("%s\n", p)
		buf = p
	}
	// Output:
	// one
	// two
	// websocket closed by peer: 1000 normal
}

// Messages of unknown length are streams at both ends.
func ExampleConn_Writer() {
	server, client := conn.Pipe(conn.Config{}, conn.Config{})
	ctx := context.Background()
	go func() {
		w, err := server.Writer(ctx, conn.Text)
		if err != nil {
			log.Fatal(err)
		}
		for n := range 3 {
			fmt.Fprintf(w, "line %d\n", n)
			w.Flush() // a fragment of its own
		}
		w.Close()
	}()

	_, r, err := client.Reader(ctx)
	if err != nil {
		log.Fatal(err)
	}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		fmt.Println(lines.Text())
	}
	fmt.Println(lines.Err())
	server.Abort()
	// Output:
	// line 0
	// line 1
	// line 2
	// <nil>
}

// Values travel as JSON.
func ExampleConn_WriteJSON() {
	type move struct{ X, Y int }
	server, client := conn.Pipe(conn.Config{}, conn.Config{})
	defer server.Abort()

	ctx := context.Background()
	go server.WriteJSON(ctx, move{X: 3, Y: 4})
	var m move
	err := client.ReadJSON(ctx, &m)
	fmt.Println(m, err)
	// Output: {3 4} <nil>
}

// A message for many connections is encoded once.
func ExampleNewPrepared() {
	m, err := conn.NewPrepared(conn.Text, []byte("to all of you"))
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	for range 3 {
		server, client := conn.Pipe(conn.Config{}, conn.Config{})
		go server.WritePrepared(ctx, m)
		_, p, err := client.Read(ctx)
		fmt.Printf("%s, %v\n", p, err)
		client.Abort()
	}
	// Output:
	// to all of you, <nil>
	// to all of you, <nil>
	// to all of you, <nil>
}

// A ping measures a round trip. Someone must be reading at both ends.
func ExampleConn_Ping() {
	server, client := conn.Pipe(conn.Config{}, conn.Config{})
	go echoMessages(server)
	client.DiscardReads()

	trip, err := client.Ping(context.Background())
	fmt.Println(trip > 0, err)
	client.Close(context.Background(), conn.CodeNormal, "")
	// Output: true <nil>
}

// Who only writes lets reads be discarded, and learns of the end by a context.
func ExampleConn_DiscardReads() {
	server, client := conn.Pipe(conn.Config{}, conn.Config{})
	go client.Close(context.Background(), conn.CodeGoingAway, "page left")

	ctx := server.DiscardReads()
	<-ctx.Done()
	fmt.Println(context.Cause(ctx))
	// Output: websocket closed by peer: 1001 going away, reason "page left"
}

// However a connection ends, a CloseError says how.
func ExampleConn_Close() {
	server, client := conn.Pipe(conn.Config{}, conn.Config{})
	go server.Close(context.Background(), 4001, "the game is over")

	_, _, err := client.Read(context.Background())
	if e, ok := errors.AsType[*conn.CloseError](err); ok {
		fmt.Println(uint16(e.Code), e.Reason, e.Remote)
	}
	fmt.Println(errors.Is(err, conn.ErrClosed))
	// Output:
	// 4001 the game is over true
	// true
}

// NetConn carries a stream of bytes in messages.
func ExampleNetConn() {
	server, client := conn.Pipe(conn.Config{}, conn.Config{})
	ctx := context.Background()
	go func() {
		nc := conn.NetConn(ctx, server, conn.Binary)
		fmt.Fprint(nc, "a stream, ")
		fmt.Fprint(nc, "in two messages")
		nc.Close()
	}()

	all, err := io.ReadAll(conn.NetConn(ctx, client, conn.Binary))
	fmt.Printf("%s, %v\n", all, err)
	// Output: a stream, in two messages, <nil>
}
