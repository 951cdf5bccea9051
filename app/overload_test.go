package app_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
)

// repeats echoes.
type repeats struct{ app.Application }

func (*repeats) OnMessage(c *app.Conn, text []byte) error { return c.SendTextBytes(text) }

// Those who begin a request and don't end it make room for each other; who does is served.
func TestMaxHandshakes(t *testing.T) {
	const most = 5
	s, url := serve(t, app.Config{MaxHandshakes: most}, func(r *app.Router) {
		route(t, r, "/", func() any { return new(repeats) })
	})
	slow := make([]net.Conn, 4*most)
	for i := range slow {
		nc, err := net.Dial("tcp", s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		slow[i] = nc
		io.WriteString(nc, "GET / HTTP/1.1\r\nHo"[:1+i%17])
		c := dial(t, url) // so that the one before was accepted, and that handshakes end
		c.send("served")
		c.want("served")
	}
	for i, nc := range slow {
		nc.SetReadDeadline(time.Now().Add(limit))
		if i >= len(slow)-most { // the first of them may be either: whose handshake began last isn't certain
			nc.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		}
		_, err := nc.Read(make([]byte, 1))
		ne, isNet := errors.AsType[net.Error](err)
		dropped := !isNet || !ne.Timeout()
		switch {
		case i < len(slow)-most && !dropped:
			t.Errorf("the %dth slow connection is still held", i)
		case i >= len(slow)-most+1 && dropped:
			t.Errorf("the %dth slow connection was dropped: %v", i, err)
		}
	}
	if st := s.Stats(); st.Conns != len(slow) {
		t.Errorf("Stats = %+v", st)
	}
}

func TestMaxHandshakesOff(t *testing.T) {
	s, url := serve(t, app.Config{MaxHandshakes: -1}, func(r *app.Router) {
		route(t, r, "/", func() any { return new(repeats) })
	})
	for range 10 {
		nc, err := net.Dial("tcp", s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
	}
	dial(t, url)
}

// pinged has the hooks of control frames.
type pinged struct{ app.Application }

func (*pinged) OnPing(*app.Conn, []byte) error { return nil }

func TestMaxMessageRate(t *testing.T) {
	const rate = 20
	for name, send := range map[string]func(*client) error{
		"text":   func(c *client) error { return c.WriteText(context.Background(), "x") },
		"binary": func(c *client) error { return c.Write(context.Background(), conn.Binary, nil) },
		"pings":  func(c *client) error { _, err := c.Ping(context.Background()); return err },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, app.Config{MaxMessageRate: rate}, func(t *testing.T, r *app.Router) {
				route(t, r, "/", func() any { return new(pinged) })
			}, func(t *testing.T, s *app.Server, connect func(string) *client) {
				c := connect("/")
				c.DiscardReads()
				for range 3 * rate { // evenly
					if err := send(c); err != nil {
						t.Fatal(err)
					}
					time.Sleep(time.Second / rate)
				}
				time.Sleep(time.Second)
				var err error
				sent := 0
				for ; err == nil && sent < 3*rate; sent++ {
					err = send(c)
					time.Sleep(time.Millisecond)
				}
				if sent < rate || sent > rate+3 {
					t.Errorf("%d messages were taken at once, want %d", sent-1, rate)
				}
				<-c.Context().Done()
				if e, ok := errors.AsType[*conn.CloseError](c.Err()); !ok || e.Code != conn.CodePolicyViolation || !e.Remote {
					t.Errorf("ended with %v", c.Err())
				}
			})
		})
	}
}

// What connections hold together is bounded, and the server says how much it is. Each
// comes to hold the 1 MiB that its message is to have, once a quarter of it is there: of
// a bound that one alone can reach it would depend on the moment whether one is left.
func TestMaxBuffered(t *testing.T) {
	t.Parallel() // it waits for a second
	const bound = 4 << 20
	s, url := serve(t, app.Config{Limits: conn.Config{MaxBuffered: bound}}, func(r *app.Router) {
		route(t, r, "/", func() any { return new(repeats) })
	})
	bystander := dial(t, url)
	half := "\x82\xff\x00\x00\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00" + strings.Repeat("h", 300_000)
	for i := range 12 {
		nc, err := net.Dial("tcp", s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		fmt.Fprintf(nc, "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n%s", half)
		bystander.send(fmt.Sprint(i))
		bystander.want(fmt.Sprint(i))
	}
	eventually(t, "the largest are gone", func() bool {
		st := s.Stats()
		return st.Buffered > 0 && st.Buffered <= bound && st.Conns < 12
	})
}

// While nothing of it can be given back, newcomers get 503 and are told when to come
// again.
func TestMaxBufferedRefuses(t *testing.T) {
	h := &holder{entered: make(chan struct{}), release: make(chan struct{})}
	defer close(h.release)
	compress := conn.Compression{Enabled: true} // so that the message comes whole, and only then is large
	_, url := serve(t, app.Config{Limits: conn.Config{MaxBuffered: 100_000, Compression: compress}}, func(r *app.Router) {
		route(t, r, "/", func() any { return h })
	})
	c := dialWith(t, &conn.Dialer{Config: conn.Config{Compression: compress}}, url)
	go c.WriteText(context.Background(), strings.Repeat("x", 500_000))
	<-h.entered
	_, err := conn.Dial(context.Background(), url)
	e, ok := errors.AsType[*conn.DialError](err)
	if !ok || e.Status != http.StatusServiceUnavailable || e.Response.Get("Retry-After") == "" {
		t.Errorf("Dial: %v, want 503 with Retry-After", err)
	}
}

// holder holds on to the first message.
type holder struct {
	app.Application
	entered, release chan struct{}
}

func (h *holder) OnMessage(*app.Conn, []byte) error {
	close(h.entered)
	<-h.release
	return nil
}
