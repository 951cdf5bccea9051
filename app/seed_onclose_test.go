package app_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
)

var errOnPurpose = errors.New("on purpose")

// obeys is a handler that ends its connection as it is told.
func obeys(close func(*app.Conn, *app.CloseError)) acts {
	return acts{
		open: func(c *app.Conn) error {
			if strings.HasSuffix(c.Path(), "/refuses") {
				return &app.CloseError{Code: 4002, Reason: "not you"}
			}
			return nil
		},
		text: func(c *app.Conn, text []byte) error {
			switch string(text) {
			case "close":
				return c.Close(4001, "enough")
			case "abort":
				c.Abort()
			case "error":
				return errOnPurpose
			case "panic":
				panic("on purpose")
			}
			return nil
		},
		close: close,
	}
}

// ending is a way in which a connection ends: what the client does, and how it is
// told in OnClose.
type ending struct {
	name  string
	path  string
	act   func(p *framePeer, s *app.Server)
	want  string // code, reason and whether it was the peer
	cause error
}

func say(text string) func(*framePeer, *app.Server) {
	return func(p *framePeer, _ *app.Server) { p.write(whole(conn.Text, text)) }
}

func send(frame []byte) func(*framePeer, *app.Server) {
	return func(p *framePeer, _ *app.Server) { p.write(frame) }
}

func nothing(*framePeer, *app.Server) {}

func endings() []ending {
	return []ending{
		{"client-closes", "/x", send(closing(4000, "bye")), "4000 bye true", nil},
		{"client-closes-without-code", "/x", send(whole(frame.Close, "")), "1005  true", nil},
		{"server-closes", "/x", say("close"), "4001 enough false", nil},
		{"server-aborts", "/x", say("abort"), "1006  false", conn.ErrAborted},
		{"fin", "/x", func(p *framePeer, _ *app.Server) { p.nc.Close() }, "1006  false", conn.ErrNoClose},
		{"fin-in-a-frame", "/x", func(p *framePeer, _ *app.Server) {
			p.write(whole(conn.Text, "half")[:8])
			p.nc.Close()
		}, "1006  false", conn.ErrCut},
		{"read-timeout", "/x", nothing, "1001 read timeout false", conn.ErrReadTimeout},
		{"protocol-error", "/x", send([]byte{0x83, 0x80, 0, 0, 0, 0}), "1002", nil},
		{"error", "/x", say("error"), "1011 internal error false", errOnPurpose},
		{"panic", "/x", say("panic"), "1011 internal error false", nil},
		{"refused-in-OnOpen", "/refuses", nothing, "4002 not you false", nil},
		{"kick", "/x", func(_ *framePeer, s *app.Server) {
			for c := range s.Conns() {
				s.Kick(c.ID(), conn.CodePolicyViolation, "out")
			}
		}, "1008 out false", nil},
		{"shutdown", "/x", func(_ *framePeer, s *app.Server) { go s.Shutdown(context.Background()) },
			"1001 server shutting down false", nil},
	}
}

func TestSeed062OnClose(t *testing.T) {
	for _, tt := range endings() {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ends := make(closes, 10)
				var told string
				s, m := serveMemory(t, app.Config{}, at(t, "/{way}", obeys(func(c *app.Conn, e *app.CloseError) {
					told = fmt.Sprint(c.CloseCode() == e.Code, c.CloseReason() == e.Reason, c.Connected())
					ends <- e
				})))
				p := m.open(t, tt.path)
				synctest.Wait()
				tt.act(p, s)
				left := leaveInOrder(p)
				e := <-ends
				if took := time.Since(<-left); took > time.Second {
					t.Errorf("OnClose %v after the client had gone", took)
				}
				if got := fmt.Sprint(uint16(e.Code), " ", e.Reason, " ", e.Remote); !strings.HasPrefix(got, tt.want) {
					t.Errorf("OnClose was told %q, want %q", got, tt.want)
				}
				if tt.cause != nil && !errors.Is(e, tt.cause) || tt.cause == nil && e.Err != nil && e.Code < 1002 {
					t.Errorf("the cause is %v, want %v", e.Err, tt.cause)
				}
				if told != "true true false" {
					t.Errorf("in OnClose CloseCode, CloseReason and Connected say %s", told)
				}
				time.Sleep(time.Hour)
				if len(ends) != 0 {
					t.Errorf("OnClose was called %d times", 1+len(ends))
				}
			})
		})
	}
}

// leaveInOrder answers the server's Close and closes the connection. It sends the
// time when that was done.
func leaveInOrder(p *framePeer) <-chan time.Time {
	left := make(chan time.Time, 1)
	go func() {
		for f := range p.frames {
			if f.Opcode == frame.Close {
				p.nc.Write(whole(frame.Close, string(f.payload))) // superfluous if it is the answer to ours
				break
			}
		}
		p.nc.Close()
		left <- time.Now()
	}()
	return left
}

// A reset, which pipes don't have.
func TestSeed062OnCloseReset(t *testing.T) {
	ends := make(closes, 2)
	s, url := serve(t, app.Config{}, at(t, "/x", acts{close: ends.note}))
	p := openFrames(t, url, "/x")
	p.nc.(*net.TCPConn).SetLinger(0)
	p.nc.Close()
	select {
	case e := <-ends:
		if e.Code != conn.CodeAbnormal || e.Err == nil {
			t.Errorf("OnClose was told %v", e)
		}
	case <-time.After(limit):
		t.Fatal("no OnClose")
	}
	eventually(t, "the connection is gone", func() bool { return s.Stats().Conns == 0 })
	if len(ends) != 0 {
		t.Error("OnClose was called twice")
	}
}
