package eventloop_test

import (
	"context"
	"io"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/eventloop"
)

// TestEndOfMany stops an Engine that has many connections, wherever they stand: each that
// was opened is told of its end, once, and none is left.
func TestEndOfMany(t *testing.T) {
	t.Parallel() // it waits
	stops := map[string]func(*testing.T, *eventloop.Engine){
		"close": func(_ *testing.T, e *eventloop.Engine) { e.Close() },
		"shutdown": func(t *testing.T, e *eventloop.Engine) {
			if err := e.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
		},
		"shutdown-given-up": func(t *testing.T, e *eventloop.Engine) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
			defer cancel()
			e.Shutdown(ctx)
		},
	}
	says := []string{
		"", // nothing
		request[:20],
		request,
		request + "\x82\x84\x00\x00\x00\x00x", // part of a message
		request + "\x81\x81\x00\x00\x00\x00f", // is sent much, and reads nothing
		request + "\x88\x82\x00\x00\x00\x00\x03\xe8", // closes, and never ends its direction
		request + "\x81\x81\x00\x00\x00\x00c",        // is closed, and doesn't answer
	}
	for name, stop := range stops {
		t.Run(name, func(t *testing.T) {
			var opened, closed atomic.Int32
			h := &hooks{
				open: func(*conn.Conn) error { opened.Add(1); return nil },
				message: func(c *conn.Conn, op conn.Opcode, p []byte) error {
					if string(p) == "c" {
						return c.Close(context.Background(), conn.CodeNormal, "")
					}
					for range 20 {
						c.Post(message([]byte(strings.Repeat("x", 100_000))), conn.Posting{Overflow: conn.DropNewest})
					}
					return nil
				},
				close: func(*conn.Conn, *conn.CloseError) { closed.Add(1) },
			}
			up := &conn.Upgrader{Config: conn.Config{CloseTimeout: 300 * time.Millisecond}}
			bothServices(t, up, func(e *eventloop.Engine, o *conn.Opening) {
				if c, err := o.Accept(conn.Answer{}); err == nil {
					e.Attach(c, h)
				}
			}, func(t *testing.T, s *service) {
				const each = 20
				opened.Store(0)
				closed.Store(0)
				for i := range each * len(says) {
					nc, err := net.Dial("tcp", s.addr.String())
					if err != nil {
						t.Fatal(err)
					}
					defer nc.Close()
					io.WriteString(nc, says[i%len(says)])
				}
				for start := time.Now(); opened.Load() < each*5 && time.Since(start) < patience; {
					runtime.Gosched()
				}
				start := time.Now()
				stop(t, s.engine)
				if d := time.Since(start); d > 5*time.Second {
					t.Errorf("took %v", d)
				}
				if o, c := opened.Load(), closed.Load(); o != each*5 || c != o || s.engine.Len() != 0 {
					t.Errorf("%d opened, %d closed, %d left", o, c, s.engine.Len())
				}
			})
		})
	}
}
