package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/eventloop"
)

func TestEcho(t *testing.T) {
	bothModes(t, func(t *testing.T, r *rig) {
		r.serve(conn.Config{Compression: conn.Compression{Enabled: true}}, echo)
		for _, compressed := range []bool{false, true} {
			c := r.dial(conn.Config{Compression: conn.Compression{Enabled: compressed}})
			for _, n := range []int{0, 1, 125, 126, 4096, 65535, 65536, 1 << 20} {
				t.Run(fmt.Sprintf("compressed=%v/size=%d", compressed, n), func(t *testing.T) {
					p := strings.Repeat("godwit ", n/7+1)[:n]
					write(t, c, p)
					read(t, c, p)
				})
			}
			if err := c.Close(t.Context(), conn.CodeNormal, ""); err != nil {
				t.Error(err)
			}
		}
	})
}

// What came with the request is delivered, and so is what a client sends in pieces.
func TestEarlyAndPiecemeal(t *testing.T) {
	bothModes(t, func(t *testing.T, r *rig) {
		r.serve(conn.Config{}, echo)
		nc, err := net.Dial("tcp", r.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		const hello, bye = "\x81\x85\x00\x00\x00\x00hello", "\x88\x80\x00\x00\x00\x00"
		io.WriteString(nc, request+hello[:5])
		for _, b := range []byte(hello[5:] + hello + bye) {
			nc.Write([]byte{b})
		}
		all, err := io.ReadAll(nc)
		_, frames, _ := strings.Cut(string(all), "\r\n\r\n")
		if want := "\x81\x05hello\x81\x05hello\x88\x00"; frames != want || err != nil {
			t.Errorf("received %q, %v; want %q", frames, err, want)
		}
	})
}

// A connection that was accepted by net/http, or dialled, or came over a unix
// socket, is driven like any other.
func TestAttachOrigins(t *testing.T) {
	bothModes(t, func(t *testing.T, r *rig) {
		t.Run("http", func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				c, err := conn.Upgrade(w, req)
				if err == nil {
					err = r.engine.Attach(c, echo())
				}
				if err != nil {
					t.Error(err)
				}
			}))
			defer s.Close()
			c, err := conn.Dial(t.Context(), strings.Replace(s.URL, "http", "ws", 1))
			if err != nil {
				t.Fatal(err)
			}
			defer c.Abort()
			write(t, c, "hello")
			read(t, c, "hello")
		})
		t.Run("dialled", func(t *testing.T) {
			r.serve(conn.Config{}, echo)
			got := make(chan string, 1)
			ends := make(chan *conn.CloseError, 100)
			c := r.dial(conn.Config{})
			h := ending(ends, hooks{message: func(_ *conn.Conn, _ conn.Opcode, p []byte) error {
				got <- string(p)
				return nil
			}})
			if err := r.engine.Attach(c, h()); err != nil {
				t.Fatal(err)
			}
			write(t, c, "hello")
			if p := next(t, got, "message"); p != "hello" {
				t.Errorf("received %q", p)
			}
			c.Close(t.Context(), conn.CodeNormal, "bye")
			if e := next(t, ends, "end"); e.Code != conn.CodeNormal || e.Remote || e.Err != nil {
				t.Errorf("ended with %+v", e)
			}
		})
		t.Run("unix", func(t *testing.T) {
			r := newRig(t, eventloop.Config{Loops: 1, Inline: r.inline})
			r.hooks = echo
			l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
			if err != nil {
				t.Skip(err)
			}
			defer l.Close()
			go func() {
				if nc, err := l.Accept(); err == nil {
					r.accept(nc)
				}
			}()
			d := conn.Dialer{NetDial: func(context.Context, string, string) (net.Conn, error) {
				return net.Dial("unix", l.Addr().String())
			}}
			c, err := d.Dial(t.Context(), "ws://a.example/")
			if err != nil {
				t.Fatal(err)
			}
			defer c.Abort()
			write(t, c, "hello")
			read(t, c, "hello")
			if addr := next(t, r.conns, "connection").RemoteAddr(); addr == nil || addr.Network() != "unix" {
				t.Errorf("RemoteAddr is %v", addr)
			}
		})
		t.Run("pipe", func(t *testing.T) { // which no loop can drive
			a, b := conn.Pipe(conn.Config{}, conn.Config{})
			if err := r.engine.Attach(a, echo()); err != nil {
				t.Fatal(err)
			}
			write(t, b, "hello")
			read(t, b, "hello")
			if n := r.engine.Len(); n < 1 {
				t.Errorf("Len is %d", n)
			}
			b.Close(t.Context(), conn.CodeNormal, "")
		})
	})
}

func TestAttachErrors(t *testing.T) {
	r := newRig(t, eventloop.Config{Loops: 1})
	r.serve(conn.Config{}, echo)
	t.Run("ended", func(t *testing.T) {
		c := r.dial(conn.Config{})
		c.Abort()
		if err := r.engine.Attach(c, echo()); !errors.Is(err, conn.ErrClosed) {
			t.Errorf("Attach: %v", err)
		}
	})
	t.Run("taken", func(t *testing.T) {
		c := r.dial(conn.Config{})
		if err := r.engine.Attach(c, echo()); err != nil {
			t.Fatal(err)
		}
		if err := r.engine.Attach(c, echo()); !errors.Is(err, conn.ErrTaken) {
			t.Errorf("Attach: %v", err)
		}
		if _, _, err := c.Read(t.Context()); !errors.Is(err, conn.ErrTaken) {
			t.Errorf("Read: %v", err)
		}
	})
	t.Run("in-use", func(t *testing.T) {
		c := r.dial(conn.Config{})
		w, err := c.Writer(t.Context(), conn.Text)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.engine.Attach(c, echo()); !errors.Is(err, conn.ErrInUse) {
			t.Errorf("Attach: %v", err)
		}
		io.WriteString(w, "still usable")
		w.Close()
		read(t, c, "still usable")
	})
	t.Run("closed", func(t *testing.T) {
		c := r.dial(conn.Config{})
		other, err := eventloop.New(eventloop.Config{Loops: 1, Logger: quiet})
		if err != nil {
			t.Fatal(err)
		}
		other.Close()
		if err := other.Attach(c, echo()); !errors.Is(err, eventloop.ErrClosed) || c.Err() == nil {
			t.Errorf("Attach: %v; the connection: %v", err, c.Err())
		}
		a, _ := conn.Pipe(conn.Config{}, conn.Config{})
		if err := other.Attach(a, echo()); !errors.Is(err, eventloop.ErrClosed) || a.Err() == nil {
			t.Errorf("Attach: %v; the connection: %v", err, a.Err())
		}
	})
}

func TestAddresses(t *testing.T) {
	bothModes(t, func(t *testing.T, r *rig) {
		ends := make(chan *conn.CloseError, 100)
		r.serve(conn.Config{}, ending(ends, hooks{}))
		nc := r.raw()
		c := next(t, r.conns, "connection")
		check := func() {
			if c.RemoteAddr().String() != nc.LocalAddr().String() || c.LocalAddr().String() != nc.RemoteAddr().String() {
				t.Errorf("addresses %v and %v, the client has %v and %v", c.RemoteAddr(), c.LocalAddr(), nc.LocalAddr(), nc.RemoteAddr())
			}
		}
		check()
		nc.SetLinger(0)
		nc.Close()
		next(t, ends, "end")
		nc.LocalAddr()
		check()
	})
}

// What the opening handshake left is there in OnOpen; the request is gone after it.
func TestOpening(t *testing.T) {
	bothModes(t, func(t *testing.T, r *rig) {
		r.up.Subprotocols = []string{"chat"}
		target := make(chan string, 1)
		r.serve(conn.Config{}, func() conn.Hooks {
			return &hooks{open: func(c *conn.Conn) error {
				target <- c.Request().Target
				return nil
			}}
		})
		d := conn.Dialer{Subprotocols: []string{"chat"}}
		c, err := d.Dial(t.Context(), "ws://"+r.addr+"/room?x=1")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Abort()
		if got := next(t, target, "OnOpen"); got != "/room?x=1" {
			t.Errorf("the request's target in OnOpen is %q", got)
		}
		write(t, c, "hello")
		read(t, c, "hello")
		s := next(t, r.conns, "connection")
		if s.Request() != nil || s.Response() != nil || s.Subprotocol() != "chat" || s.Compressed() {
			t.Errorf("request %v, response %v, subprotocol %q, compressed %v", s.Request(), s.Response(), s.Subprotocol(), s.Compressed())
		}
	})
}

func TestShutdown(t *testing.T) {
	bothModes(t, func(t *testing.T, r *rig) {
		ends := make(chan *conn.CloseError, 100)
		r.serve(conn.Config{}, ending(ends, hooks{}))
		var clients []*conn.Conn
		for range 10 {
			c := r.dial(conn.Config{})
			write(t, c, "hello")
			read(t, c, "hello")
			c.DiscardReads()
			clients = append(clients, c)
		}
		a, b := conn.Pipe(conn.Config{}, conn.Config{})
		b.DiscardReads()
		if err := r.engine.Attach(a, r.hooks()); err != nil {
			t.Fatal(err)
		}
		if err := r.engine.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		for range 11 {
			if e := next(t, ends, "end"); e.Code != conn.CodeGoingAway || e.Err != nil {
				t.Errorf("ended with %v", e)
			}
		}
		for _, c := range clients {
			<-c.Context().Done()
			if e, ok := errors.AsType[*conn.CloseError](c.Err()); !ok || e.Code != conn.CodeGoingAway || !e.Remote {
				t.Errorf("the client's end is %v", c.Err())
			}
		}
		if n := r.engine.Len(); n != 0 {
			t.Errorf("%d connections are left", n)
		}
	})
}

// A peer that doesn't answer the Close holds Shutdown up as long as its context
// lasts.
func TestShutdownGivesUp(t *testing.T) {
	bothModes(t, func(t *testing.T, r *rig) {
		ends := make(chan *conn.CloseError, 100)
		r.serve(conn.Config{CloseTimeout: -1}, ending(ends, hooks{}))
		r.raw()
		next(t, r.conns, "connection")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := r.engine.Shutdown(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Shutdown: %v", err)
		}
		if e := next(t, ends, "end"); !errors.Is(e.Err, conn.ErrAborted) {
			t.Errorf("ended with %+v", e)
		}
	})
}
