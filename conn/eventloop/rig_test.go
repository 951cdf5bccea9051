package eventloop_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/eventloop"
)

// modes are the two ways in which hooks are called.
var modes = []struct {
	name   string
	inline bool
}{{"inline", true}, {"pooled", false}}

// bothModes runs f with an engine of each mode.
func bothModes(t *testing.T, f func(t *testing.T, r *rig)) {
	for _, mode := range modes {
		t.Run(mode.name, func(t *testing.T) { f(t, newRig(t, eventloop.Config{Loops: 2, Inline: mode.inline})) })
	}
}

// bothModesAtOnce is bothModes for tests that wait for time to pass, and don't mind what
// runs beside them.
func bothModesAtOnce(t *testing.T, f func(t *testing.T, r *rig)) {
	var both sync.WaitGroup
	for _, mode := range modes {
		both.Go(func() {
			t.Run(mode.name, func(t *testing.T) { f(t, newRig(t, eventloop.Config{Loops: 2, Inline: mode.inline})) })
		})
	}
	both.Wait()
}

// rig is an engine behind a listener.
type rig struct {
	t      testing.TB
	engine *eventloop.Engine
	inline bool
	addr   string
	up     conn.Upgrader
	hooks  func() conn.Hooks
	wrap   func(net.Conn) net.Conn // what is accepted; nil if it is used as it is
	conns  chan *conn.Conn         // those that were attached
}

// quiet is a log that nobody reads.
var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

func newRig(t testing.TB, cfg eventloop.Config) *rig {
	t.Helper()
	if cfg.Logger == nil {
		cfg.Logger = quiet
	}
	e, err := eventloop.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return &rig{t: t, engine: e, inline: cfg.Inline, conns: make(chan *conn.Conn, 10000)}
}

// serve starts the listener. hooks makes the hooks of each connection.
func (r *rig) serve(cfg conn.Config, hooks func() conn.Hooks) {
	r.t.Helper()
	r.up.Config, r.hooks = cfg, hooks
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.t.Fatal(err)
	}
	r.addr = l.Addr().String()
	var accepting sync.WaitGroup
	accepting.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return // the listener was closed
			}
			accepting.Go(func() { r.accept(nc) })
		}
	})
	r.t.Cleanup(func() {
		l.Close()
		accepting.Wait()
	})
}

func (r *rig) accept(nc net.Conn) {
	if r.wrap != nil {
		nc = r.wrap(nc)
	}
	c, err := r.up.Accept(context.Background(), nc)
	if err != nil {
		return
	}
	if r.engine.Attach(c, r.hooks()) == nil {
		r.conns <- c
	}
}

// dial returns a client.
func (r *rig) dial(cfg conn.Config) *conn.Conn {
	r.t.Helper()
	c, err := (&conn.Dialer{Config: cfg}).Dial(r.t.Context(), "ws://"+r.addr+"/")
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(c.Abort)
	return c
}

// raw returns a client's connection on which the opening handshake was done.
func (r *rig) raw() *net.TCPConn {
	r.t.Helper()
	nc, err := net.Dial("tcp", r.addr)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { nc.Close() })
	io.WriteString(nc, request)
	answer := make([]byte, 0, 1024)
	for one := make([]byte, 1); len(answer) < 4 || string(answer[len(answer)-4:]) != "\r\n\r\n"; {
		if _, err := nc.Read(one); err != nil {
			r.t.Fatalf("handshake: %v after %q", err, answer)
		}
		answer = append(answer, one...)
	}
	return nc.(*net.TCPConn)
}

const request = "GET / HTTP/1.1\r\nHost: a.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"

// patience is how long a test waits for what should come at once.
const patience = 30 * time.Second

// next returns what comes from ch.
func next[T any](t testing.TB, ch <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(patience):
		t.Fatalf("no %s within %v", what, patience)
		panic("unreachable")
	}
}

// hooks are made of functions, of which each may be nil.
type hooks struct {
	open    func(*conn.Conn) error
	message func(*conn.Conn, conn.Opcode, []byte) error
	close   func(*conn.Conn, *conn.CloseError)
}

func (h *hooks) OnOpen(c *conn.Conn) error {
	if h.open == nil {
		return nil
	}
	return h.open(c)
}

func (h *hooks) OnMessage(c *conn.Conn, op conn.Opcode, p []byte) error {
	if h.message == nil {
		return c.Write(context.Background(), op, p)
	}
	return h.message(c, op, p)
}

func (h *hooks) OnClose(c *conn.Conn, e *conn.CloseError) {
	if h.close != nil {
		h.close(c, e)
	}
}

// echo returns hooks that echo.
func echo() conn.Hooks { return new(hooks) }

// ending returns hooks that tell how the connection ended, with what else they do.
func ending(ends chan<- *conn.CloseError, h hooks) func() conn.Hooks {
	h.close = func(_ *conn.Conn, e *conn.CloseError) { ends <- e }
	return func() conn.Hooks { return &h }
}

// write sends p as a text message.
func write(t testing.TB, c *conn.Conn, p string) {
	t.Helper()
	if err := c.WriteText(t.Context(), p); err != nil {
		t.Fatal(err)
	}
}

// read wants p as the next message.
func read(t testing.TB, c *conn.Conn, want string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, p, err := c.Read(ctx)
	if err != nil || string(p) != want {
		t.Fatalf("read %.40q (%d bytes), %v; want %.40q (%d bytes)", p, len(p), err, want, len(want))
	}
}
