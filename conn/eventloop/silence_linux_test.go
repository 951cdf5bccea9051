package eventloop_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/conn"
)

// silence is where a connection stands when its peer says nothing more.
type silence struct {
	name  string
	limit func(*conn.Config) // nil: all timeouts are set
	says  string             // by the peer, before
	deaf  bool               // it reads nothing
	does  func(*testing.T, *conn.Conn)
	code  conn.Code
	err   error
}

func silences() []silence {
	fill := func(n int) func(*testing.T, *conn.Conn) {
		return func(_ *testing.T, c *conn.Conn) {
			for range n {
				c.Post(message(long), conn.Posting{})
			}
		}
	}
	const closing, part = "\x88\x82\x00\x00\x00\x00\x03\xe8", "\x82\x84\x00\x00\x00\x00x"
	return []silence{
		{name: "idle", err: conn.ErrPongTimeout},
		{name: "idle-without-pings", limit: func(c *conn.Config) { c.PingInterval = 0 }, err: conn.ErrReadTimeout},
		{name: "part-of-a-header", says: "\x82", err: conn.ErrMessageTimeout},
		{name: "part-of-a-message", says: part, err: conn.ErrMessageTimeout},
		{name: "between-fragments", says: "\x02\x81\x00\x00\x00\x00x", err: conn.ErrMessageTimeout},
		{name: "deaf", deaf: true, does: fill(1), err: conn.ErrWriteTimeout},
		{name: "deaf-and-paused", says: part, deaf: true, does: fill(4), limit: func(c *conn.Config) { c.MessageTimeout = 0 }, err: conn.ErrWriteTimeout},
		{name: "our-close", does: leaves, code: conn.CodeNormal, err: conn.ErrCloseTimeout},
		{name: "our-close-in-a-message", says: part, limit: func(c *conn.Config) { c.MessageTimeout = time.Minute }, does: leaves, code: conn.CodeNormal, err: conn.ErrCloseTimeout},
		{name: "our-close-blocked", deaf: true, does: func(t *testing.T, c *conn.Conn) { fill(1)(t, c); leaves(t, c) }, code: conn.CodeNormal, err: conn.ErrCloseTimeout},
		{name: "our-close-blocked-without-close-timeout", deaf: true, limit: func(c *conn.Config) { c.CloseTimeout = -1 },
			does: func(t *testing.T, c *conn.Conn) { fill(1)(t, c); leaves(t, c) }, code: conn.CodeNormal, err: conn.ErrWriteTimeout},
		{name: "its-close-blocked", deaf: true, does: func(t *testing.T, c *conn.Conn) { fill(1)(t, c) }, says: closing, code: conn.CodeNormal, err: conn.ErrCloseTimeout},
		{name: "its-close", says: closing, code: conn.CodeNormal},
		{name: "overflow", deaf: true, does: func(t *testing.T, c *conn.Conn) {
			fill(3)(t, c)
			if _, err := c.Post(message(long), conn.Posting{MaxMessages: 1}); !errors.Is(err, conn.ErrOverflow) {
				t.Errorf("Post: %v", err)
			}
		}, code: conn.CodeTryAgainLater, err: conn.ErrOverflow},
		{name: "open-writer", does: func(t *testing.T, c *conn.Conn) {
			w, err := c.Writer(context.Background(), conn.Binary)
			if err != nil {
				t.Error(err)
				return
			}
			w.Write([]byte("x"))
			w.Flush()
			go func() {
				<-c.Context().Done()
				if err := w.Close(); !errors.Is(err, conn.ErrClosed) {
					t.Errorf("the writer's end: %v", err)
				}
			}()
		}, err: conn.ErrPongTimeout},
	}
}

func leaves(t *testing.T, c *conn.Conn) {
	if err := c.Close(context.Background(), conn.CodeNormal, ""); err != nil {
		t.Error(err)
	}
}

func message(p []byte) *conn.Prepared {
	m, _ := conn.NewPrepared(conn.Binary, p) // can't fail for binary
	return m
}

// However a peer falls silent, its connection ends in time, and for the right reason.
func TestSilence(t *testing.T) {
	t.Parallel() // it waits
	bothModesAtOnce(t, func(t *testing.T, r *rig) {
		var all sync.WaitGroup
		for _, tt := range silences() {
			for _, secured := range []bool{false, true} {
				name := tt.name
				if secured {
					name += "/tls"
				}
				all.Go(func() { t.Run(name, func(t *testing.T) { tt.run(t, r, secured) }) })
			}
		}
		all.Wait()
	})
}

func (s *silence) run(t *testing.T, r *rig, secured bool) {
	cfg := conn.Config{
		PingInterval:   900 * time.Millisecond,
		PongTimeout:    300 * time.Millisecond,
		MessageTimeout: 300 * time.Millisecond,
		ReadTimeout:    3 * time.Second,
		WriteTimeout:   600 * time.Millisecond,
		CloseTimeout:   300 * time.Millisecond,
	}
	if s.limit != nil {
		s.limit(&cfg)
	}
	ends, opened := make(chan *conn.CloseError, 1), make(chan struct{})
	h := hooks{open: func(c *conn.Conn) error {
		if s.does != nil {
			s.does(t, c)
		}
		close(opened)
		return nil
	}}
	server, clients := untouched, untouched
	if secured {
		server, clients = tlsServer, tlsClient
	}
	_, client := blocked(t, r, cfg, ending(ends, h)(), server, clients)
	next(t, opened, "OnOpen")
	io.WriteString(client, s.says)
	start := time.Now()
	if !s.deaf {
		go io.Copy(io.Discard, client)
	}
	e := next(t, ends, "end")
	if s.err == nil && e.Err != nil || !errors.Is(e, s.err) && s.err != nil || s.code != 0 && e.Code != s.code {
		t.Errorf("ended with %v after %v", e, time.Since(start))
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("ended after %v", d)
	}
}
