package conn_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
)

// recorder is Hooks that note what is called, and do what the test says.
type recorder struct {
	calls   []string
	end     *conn.CloseError
	open    func(*conn.Conn) error
	message func(*conn.Conn, []byte) error
	close   func()
}

func (r *recorder) OnOpen(c *conn.Conn) error {
	r.calls = append(r.calls, "open")
	if r.open != nil {
		return r.open(c)
	}
	return nil
}

func (r *recorder) OnMessage(c *conn.Conn, op conn.Opcode, p []byte) error {
	r.calls = append(r.calls, fmt.Sprintf("%v %s", op, p))
	if r.message != nil {
		return r.message(c, p)
	}
	return nil
}

func (r *recorder) OnClose(c *conn.Conn, e *conn.CloseError) {
	r.calls = append(r.calls, "close")
	r.end = e
	if r.close != nil {
		r.close()
	}
}

// run serves a connection with hooks, plays the peer's part, and returns when
// the connection has ended.
func run(t *testing.T, cfg conn.Config, r *recorder, play func(p *peer)) {
	t.Helper()
	c, p := accept(t, cfg)
	var peer sync.WaitGroup
	peer.Go(func() { play(p); p.nc.Close() })
	err := c.Run(r)
	peer.Wait()
	if e, ok := errors.AsType[*conn.CloseError](err); !ok || e != r.end {
		t.Errorf("Run returned %v, OnClose was given %v", err, r.end)
	}
	if n := strings.Count(strings.Join(r.calls, " "), "close"); n != 1 || r.calls[len(r.calls)-1] != "close" {
		t.Errorf("hooks were called as %q; want one close, last", r.calls)
	}
}

func TestHooksInOrder(t *testing.T) {
	var r recorder
	run(t, conn.Config{}, &r, func(p *peer) {
		p.send(whole(frame.Text, "a"), whole(frame.Ping, "p"), whole(frame.Binary, "b"), whole(frame.Close, "\x0f\xa1bye"))
		p.want(frame.Pong, "p")
		p.wantClose(4001)
		p.wantEOF()
	})
	if want := []string{"open", "text a", "binary b", "close"}; !slices.Equal(r.calls, want) {
		t.Errorf("called %q, want %q", r.calls, want)
	}
	wantEnd(t, errors.Join(r.end, conn.ErrClosed), 4001, true, nil)
	if r.end.Reason != "bye" {
		t.Errorf("reason %q", r.end.Reason)
	}
}

var errHook = errors.New("a secret of the server's")

func TestHookErrors(t *testing.T) {
	fail := func(err error) func(*conn.Conn, []byte) error {
		return func(*conn.Conn, []byte) error { return err }
	}
	tests := []struct {
		name   string
		hook   func(*conn.Conn, []byte) error
		code   frame.Code
		reason string
		cause  error
	}{
		{"error", fail(errHook), frame.CodeInternalError, "internal error", errHook},
		{"close-error", fail(&conn.CloseError{Code: 4002, Reason: "told"}), 4002, "told", nil},
		{"wrapped-close-error", fail(fmt.Errorf("w: %w", &conn.CloseError{Code: frame.CodePolicyViolation})), frame.CodePolicyViolation, "", nil},
		{"unsendable-code", fail(&conn.CloseError{Code: frame.CodeAbnormal}), frame.CodeInternalError, "internal error", nil},
		{"reason-not-utf8", fail(&conn.CloseError{Code: 4003, Reason: "not \xff"}), 4003, "not \uFFFD", nil},
		{"panic", func(*conn.Conn, []byte) error { panic(errHook) }, frame.CodeInternalError, "internal error", nil},
	}
	for _, tt := range tests {
		for _, where := range []string{"open", "message"} {
			t.Run(tt.name+"/"+where, func(t *testing.T) {
				r := recorder{message: tt.hook}
				if where == "open" {
					r = recorder{open: func(c *conn.Conn) error { return tt.hook(c, nil) }}
				}
				run(t, conn.Config{}, &r, func(p *peer) {
					p.send(whole(frame.Text, "first"), whole(frame.Text, "second"))
					h, payload, err := p.read()
					if err != nil || h.Opcode != frame.Close || len(payload) < 2 || payload[2:] != tt.reason {
						t.Errorf("read %+v %q, %v; want reason %q", h, payload, err, tt.reason)
					}
				})
				if r.end.Code != tt.code || r.end.Remote || tt.cause != nil && !errors.Is(r.end, tt.cause) {
					t.Errorf("ended with %v", r.end)
				}
				if slices.Contains(r.calls, "text second") {
					t.Error("a message was delivered after the error")
				}
			})
		}
	}
}

func TestHookPanicIsReported(t *testing.T) {
	r := recorder{message: func(*conn.Conn, []byte) error { panic("boom") }}
	run(t, conn.Config{}, &r, func(p *peer) { p.send(whole(frame.Text, "")); p.wantClose(frame.CodeInternalError) })
	p, ok := errors.AsType[*conn.PanicError](r.end)
	if !ok || p.Value != "boom" || !strings.Contains(string(p.Stack), "TestHookPanicIsReported") {
		t.Errorf("ended with %v", r.end)
	}
}

func TestPanicInOnCloseIsCaught(t *testing.T) {
	c, p := accept(t, conn.Config{})
	p.nc.Close()
	if err := c.Run(panicOnClose{}); err == nil {
		t.Error("no error")
	}
}

type panicOnClose struct{ echoing }

func (panicOnClose) OnClose(*conn.Conn, *conn.CloseError) { panic("at the end") }

// echoing is Hooks that send every message back.
type echoing struct{}

func (echoing) OnOpen(*conn.Conn) error { return nil }
func (echoing) OnMessage(c *conn.Conn, op conn.Opcode, p []byte) error {
	return c.Write(context.Background(), op, p)
}
func (echoing) OnClose(*conn.Conn, *conn.CloseError) {}

// After our Close no message is delivered, those received with the last one
// included.
func TestCloseInHook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := recorder{message: func(c *conn.Conn, p []byte) error {
			c.WriteText(context.Background(), "last words")
			return c.Close(context.Background(), 4004, "enough")
		}}
		run(t, conn.Config{}, &r, func(p *peer) {
			p.send(whole(frame.Text, "a"), whole(frame.Text, "b"))
			p.want(frame.Text, "last words")
			p.wantClose(4004)
			p.send(whole(frame.Text, "c"), whole(frame.Close, "\x0f\xa4"))
			p.wantEOF()
		})
		if want := []string{"open", "text a", "close"}; !slices.Equal(r.calls, want) {
			t.Errorf("called %q, want %q", r.calls, want)
		}
		if r.end.Code != 4004 || r.end.Remote || r.end.Err != nil {
			t.Errorf("ended with %v", r.end)
		}
	})
}

// All answers to one read leave in one write, and within a millisecond if a hook
// takes its time.
func TestHooksAreCorked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		slow := false
		r := recorder{message: func(c *conn.Conn, p []byte) error {
			err := c.Write(context.Background(), conn.Text, p)
			if slow {
				time.Sleep(time.Hour)
			}
			return err
		}}
		run(t, conn.Config{}, &r, func(p *peer) {
			p.send(whole(frame.Text, "1"), whole(frame.Text, "2"), whole(frame.Text, "3"))
			b := make([]byte, 100)
			if n, _ := p.nc.Read(b); string(b[:n]) != "\x81\x011\x81\x012\x81\x013" {
				t.Errorf("first read is % x", b[:n])
			}
			slow = true
			p.send(whole(frame.Text, "4"))
			p.want(frame.Text, "4")
			if took := time.Since(start); took > 2*time.Millisecond {
				t.Errorf("a slow hook held back its answer for %v", took)
			}
		})
	})
}

// What others send while a hook takes its time isn't held back by it: a Close
// would come after CloseTimeout, which is never.
func TestSlowHookHoldsBackNobody(t *testing.T) {
	tests := []struct {
		name string
		send func(c *conn.Conn)
		want func(p *peer)
	}{
		{"close", func(c *conn.Conn) { c.Close(context.Background(), frame.CodeGoingAway, "") }, func(p *peer) { p.wantClose(frame.CodeGoingAway) }},
		{"message", func(c *conn.Conn) { c.WriteText(context.Background(), "m") }, func(p *peer) { p.want(frame.Text, "m") }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := recorder{message: func(c *conn.Conn, _ []byte) error {
					go tt.send(c)
					time.Sleep(time.Hour)
					return nil
				}}
				run(t, conn.Config{}, &r, func(p *peer) {
					start := time.Now()
					p.send(whole(frame.Text, "begin"))
					tt.want(p)
					elapsed(t, start, time.Millisecond)
				})
			})
		})
	}
}

func TestFlushInHook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := recorder{message: func(c *conn.Conn, p []byte) error {
			c.Write(context.Background(), conn.Text, p)
			defer time.Sleep(time.Hour)
			return c.Flush(context.Background())
		}}
		start := time.Now()
		run(t, conn.Config{}, &r, func(p *peer) {
			p.send(whole(frame.Text, "now"))
			p.want(frame.Text, "now")
			elapsed(t, start, 0)
		})
	})
}

func TestReadsAreRefusedWhileHooksRun(t *testing.T) {
	r := recorder{message: func(c *conn.Conn, p []byte) error {
		if _, _, err := c.Read(context.Background()); !errors.Is(err, conn.ErrTaken) {
			t.Errorf("Read = %v", err)
		}
		if _, _, err := c.Reader(context.Background()); !errors.Is(err, conn.ErrTaken) {
			t.Errorf("Reader = %v", err)
		}
		if err := c.Run(echoing{}); !errors.Is(err, conn.ErrTaken) {
			t.Errorf("Run = %v", err)
		}
		return nil
	}}
	run(t, conn.Config{}, &r, func(p *peer) {
		p.send(whole(frame.Text, "m"), whole(frame.Close, ""))
		p.wantClose(0)
	})
}

// Others may send on a connection while its hooks run; a peer that doesn't read
// holds up nobody for longer than WriteTimeout.
func TestSendersBesideHooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := accept(t, conn.Config{MaxQueued: 1000, WriteTimeout: 5 * time.Second})
		done := make(chan error, 1)
		go func() { done <- c.Run(echoing{}) }()
		start := time.Now()
		var err error
		for i := 0; err == nil; i++ {
			err = c.Write(context.Background(), conn.Binary, make([]byte, 10_000))
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("held up for %v", took)
		}
		wantEnd(t, <-done, frame.CodeAbnormal, false, conn.ErrWriteTimeout)
		p.nc.Close()
	})
}
