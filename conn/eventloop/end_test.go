package eventloop_test

import (
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/eventloop"
)

var errHook = errors.New("a hook's error")

// TestHooksEnd ends connections from hooks, and looks at what the client is told.
func TestHooksEnd(t *testing.T) {
	fail := func(how string) error {
		switch how {
		case "error":
			return errHook
		case "close-error":
			return &conn.CloseError{Code: conn.CodeUnsupportedData, Reason: "no"}
		case "panic":
			panic(how)
		case "goexit":
			runtime.Goexit()
		}
		return nil
	}
	tests := []struct {
		how  string
		code conn.Code
		err  func(error) bool
	}{
		{"error", conn.CodeInternalError, func(err error) bool { return errors.Is(err, errHook) }},
		{"close-error", conn.CodeUnsupportedData, func(err error) bool { return err == nil }},
		{"panic", conn.CodeInternalError, func(err error) bool { _, ok := errors.AsType[*conn.PanicError](err); return ok }},
		{"goexit", conn.CodeInternalError, func(err error) bool { return err != nil }},
	}
	for _, tt := range tests {
		for _, in := range []string{"open", "message"} {
			t.Run(in+"/"+tt.how, func(t *testing.T) {
				bothModes(t, func(t *testing.T, r *rig) {
					ends := make(chan *conn.CloseError, 100)
					h := hooks{message: func(*conn.Conn, conn.Opcode, []byte) error { return fail(tt.how) }}
					if in == "open" {
						h = hooks{open: func(*conn.Conn) error { return fail(tt.how) }}
					}
					r.serve(conn.Config{}, ending(ends, h))
					c := r.dial(conn.Config{})
					if in == "message" {
						write(t, c, "one")
						write(t, c, "two") // comes too late
					}
					_, _, err := c.Read(t.Context())
					if e, ok := errors.AsType[*conn.CloseError](err); !ok || e.Code != tt.code || !e.Remote {
						t.Errorf("the client's end: %v", err)
					}
					if e := next(t, ends, "end"); e.Code != tt.code || e.Remote || !tt.err(e.Err) {
						t.Errorf("ended with %+v", e)
					}
					r.alive()
				})
			})
		}
	}
}

// alive fails unless the engine still drives connections, and has told each of its
// end once.
func (r *rig) alive() {
	r.t.Helper()
	for range 4 { // on each loop
		c := r.dial(conn.Config{})
		if err := c.Close(r.t.Context(), conn.CodeNormal, ""); err != nil {
			r.t.Errorf("Close: %v", err)
		}
	}
}

// A hook may end its goroutine when the loop has long gone on without it: what another
// does there meanwhile is not its business.
func TestGoexitOffTheLoop(t *testing.T) {
	r := newRig(t, eventloop.Config{Loops: 1})
	first, second, ends := make(chan struct{}), make(chan struct{}), make(chan *conn.CloseError, 100)
	r.serve(conn.Config{CloseTimeout: 50 * time.Millisecond}, ending(ends, hooks{message: func(c *conn.Conn, op conn.Opcode, p []byte) error {
		if string(p) == "first" {
			close(first)
			<-second
			runtime.Goexit()
		}
		close(second)
		if e := next(t, ends, "end of the first"); e.Code != conn.CodeInternalError {
			t.Errorf("ended with %v", e)
		}
		return c.Write(context.Background(), op, p)
	}}))
	a, b := r.dial(conn.Config{}), r.dial(conn.Config{})
	write(t, a, "first")
	next(t, first, "first hook")
	write(t, b, "second")
	read(t, b, "second")
}

// A hook that ends its goroutine in OnClose does no harm either.
func TestGoexitInOnClose(t *testing.T) {
	bothModes(t, func(t *testing.T, r *rig) {
		closed := make(chan struct{}, 10)
		r.serve(conn.Config{}, func() conn.Hooks {
			return &hooks{close: func(*conn.Conn, *conn.CloseError) {
				closed <- struct{}{}
				runtime.Goexit()
			}}
		})
		r.dial(conn.Config{}).Close(t.Context(), conn.CodeNormal, "")
		next(t, closed, "OnClose")
		r.alive()
	})
}

// TestPeerEnds ends connections from the client's side.
func TestPeerEnds(t *testing.T) {
	t.Parallel() // one of them waits
	tests := []struct {
		name string
		end  func(t *testing.T, r *rig)
		code conn.Code
		err  error
	}{
		{"close", func(t *testing.T, r *rig) { r.dial(conn.Config{}).Close(t.Context(), 4321, "bye") }, 4321, nil},
		{"eof", func(t *testing.T, r *rig) { r.raw().Close() }, conn.CodeAbnormal, conn.ErrNoClose},
		{"half-closed", func(t *testing.T, r *rig) { r.raw().CloseWrite() }, conn.CodeAbnormal, conn.ErrNoClose},
		{"cut", func(t *testing.T, r *rig) {
			nc := r.raw()
			io.WriteString(nc, "\x81\x85\x00\x00\x00\x00he")
			nc.Close()
		}, conn.CodeAbnormal, conn.ErrCut},
		{"reset", func(t *testing.T, r *rig) {
			nc := r.raw()
			nc.SetLinger(0)
			nc.Close()
		}, conn.CodeAbnormal, nil},
		{"violation", func(t *testing.T, r *rig) { io.WriteString(r.raw(), "\x83\x80\x00\x00\x00\x00") }, conn.CodeProtocolError, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bothModesAtOnce(t, func(t *testing.T, r *rig) {
				ends := make(chan *conn.CloseError, 100)
				r.serve(conn.Config{}, ending(ends, hooks{}))
				tt.end(t, r)
				if e := next(t, ends, "end"); e.Code != tt.code || tt.err != nil && !errors.Is(e.Err, tt.err) {
					t.Errorf("ended with %+v", e)
				}
				c := next(t, r.conns, "connection")
				if err := c.WriteText(t.Context(), "late"); !errors.Is(err, conn.ErrClosed) {
					t.Errorf("Write: %v", err)
				}
				if <-c.Context().Done(); !errors.Is(context.Cause(c.Context()), conn.ErrClosed) {
					t.Errorf("the context's cause: %v", context.Cause(c.Context()))
				}
			})
		})
	}
}

// Abort from anywhere is seen at once, by the client and by OnClose, also while a
// hook runs.
func TestAbort(t *testing.T) {
	bothModes(t, func(t *testing.T, r *rig) {
		ends := make(chan *conn.CloseError, 100)
		entered, leave := make(chan struct{}), make(chan struct{})
		r.serve(conn.Config{}, ending(ends, hooks{message: func(*conn.Conn, conn.Opcode, []byte) error {
			entered <- struct{}{}
			<-leave
			return nil
		}}))
		for _, busy := range []bool{false, true} {
			client := r.dial(conn.Config{})
			c := next(t, r.conns, "connection")
			if busy {
				write(t, client, "hello")
				next(t, entered, "message")
			}
			c.Abort()
			if _, _, err := client.Read(t.Context()); !errors.Is(err, conn.ErrClosed) {
				t.Errorf("Read: %v", err)
			}
			if busy {
				leave <- struct{}{}
			}
			if e := next(t, ends, "end"); !errors.Is(e.Err, conn.ErrAborted) {
				t.Errorf("ended with %+v", e)
			}
		}
	})
}

// TestTimeouts lets each timeout pass.
func TestTimeouts(t *testing.T) {
	const short = 50 * time.Millisecond
	tests := []struct {
		name string
		cfg  conn.Config
		do   func(t *testing.T, r *rig)
		code conn.Code
		err  error
	}{
		{"read", conn.Config{ReadTimeout: short}, func(t *testing.T, r *rig) { r.raw() }, conn.CodeGoingAway, conn.ErrReadTimeout},
		{"message", conn.Config{MessageTimeout: short}, func(t *testing.T, r *rig) {
			io.WriteString(r.raw(), "\x81\x85\x00\x00\x00\x00he")
		}, conn.CodePolicyViolation, conn.ErrMessageTimeout},
		{"pong", conn.Config{PingInterval: short, PongTimeout: short}, func(t *testing.T, r *rig) { r.raw() }, conn.CodeAbnormal, conn.ErrPongTimeout},
		{"close", conn.Config{CloseTimeout: short}, func(t *testing.T, r *rig) {
			r.raw()
			next(t, r.conns, "connection").Close(t.Context(), 4000, "bye")
		}, 4000, conn.ErrCloseTimeout},
		{"write", conn.Config{WriteTimeout: short, MaxQueued: 64 << 20}, func(t *testing.T, r *rig) {
			r.raw()
			next(t, r.conns, "connection").WriteText(t.Context(), strings.Repeat("x", 16<<20))
		}, conn.CodeAbnormal, conn.ErrWriteTimeout},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bothModesAtOnce(t, func(t *testing.T, r *rig) {
				ends := make(chan *conn.CloseError, 100)
				r.serve(tt.cfg, ending(ends, hooks{}))
				tt.do(t, r)
				if e := next(t, ends, "end"); e.Code != tt.code || !errors.Is(e.Err, tt.err) {
					t.Errorf("ended with %+v", e)
				}
			})
		})
	}
}

// A hook that waits for the end of its connection holds up the loop that would see to
// CloseTimeout: it comes all the same.
func TestCloseTimeoutWhileHookWaits(t *testing.T) {
	bothModesAtOnce(t, func(t *testing.T, r *rig) {
		ends := make(chan *conn.CloseError, 1)
		entered := make(chan struct{})
		r.serve(conn.Config{CloseTimeout: 50 * time.Millisecond}, ending(ends, hooks{message: func(c *conn.Conn, _ conn.Opcode, _ []byte) error {
			close(entered)
			next(t, c.Context().Done(), "end of the context")
			return nil
		}}))
		write(t, r.dial(conn.Config{}), "hello")
		c := next(t, r.conns, "connection")
		next(t, entered, "message")
		if err := c.Close(t.Context(), 4000, "bye"); err != nil {
			t.Errorf("Close: %v", err)
		}
		if e := next(t, ends, "end"); e.Code != 4000 || !errors.Is(e.Err, conn.ErrCloseTimeout) {
			t.Errorf("ended with %+v", e)
		}
	})
}

// A connection that is heard from time to time outlives ReadTimeout, and pongs are
// found.
func TestTimeoutsMove(t *testing.T) {
	t.Parallel() // it waits
	const short = 100 * time.Millisecond
	bothModesAtOnce(t, func(t *testing.T, r *rig) {
		ends := make(chan *conn.CloseError, 100)
		r.serve(conn.Config{ReadTimeout: 5 * short, PingInterval: short, PongTimeout: 4 * short}, ending(ends, hooks{}))
		c := r.dial(conn.Config{})
		c.DiscardReads() // answers pings
		s := next(t, r.conns, "connection")
		timer := time.NewTimer(10 * short)
		defer timer.Stop()
		select {
		case e := <-ends:
			t.Fatalf("ended with %+v", e)
		case <-timer.C:
		}
		if _, err := s.Ping(t.Context()); err != nil {
			t.Errorf("Ping: %v", err)
		}
	})
}

// A ping finds its pong where no time is kept.
func TestPing(t *testing.T) {
	bothModes(t, func(t *testing.T, r *rig) {
		r.serve(conn.Config{}, echo)
		c := r.dial(conn.Config{})
		s := next(t, r.conns, "connection")
		c.DiscardReads() // answers pings
		for range 3 {
			if _, err := s.Ping(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	})
}
