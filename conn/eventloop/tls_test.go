package eventloop_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/eventloop"
)

// certified is a server's configuration with a certificate.
var certified = sync.OnceValue(func() *tls.Config {
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	return &tls.Config{Certificates: s.TLS.Certificates}
})

// serveTLS is serve over TLS.
func (r *rig) serveTLS(cfg conn.Config, secured *tls.Config, hooks func() conn.Hooks) {
	r.wrap = func(nc net.Conn) net.Conn { return eventloop.TLSServer(nc, secured) }
	r.serve(cfg, hooks)
}

// dialTLS returns a client whose bytes go through wire.
func (r *rig) dialTLS(cfg *tls.Config, wire func(net.Conn) net.Conn) (*conn.Conn, *tls.Conn) {
	r.t.Helper()
	nc, err := net.Dial("tcp", r.addr)
	if err != nil {
		r.t.Fatal(err)
	}
	cfg = cfg.Clone()
	cfg.InsecureSkipVerify = true // the test's own certificate
	secured := tls.Client(wire(nc), cfg)
	d := conn.Dialer{NetDial: func(context.Context, string, string) (net.Conn, error) { return secured, nil }}
	c, err := d.Dial(r.t.Context(), "ws://a.example/")
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		c.Abort()
		nc.Close()
	})
	return c, secured
}

// chopped sends pieces of n bytes.
type chopped struct {
	net.Conn
	n int
}

func (c chopped) Write(p []byte) (int, error) {
	for i := 0; i < len(p); i += c.n {
		if _, err := c.Conn.Write(p[i:min(i+c.n, len(p))]); err != nil {
			return i, err
		}
	}
	return len(p), nil
}

func untouched(nc net.Conn) net.Conn { return nc }

func TestTLS(t *testing.T) {
	bothModes(t, func(t *testing.T, r *rig) {
		r.serveTLS(conn.Config{}, certified(), echo)
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			for _, pieces := range []int{1, 7, 1000, 1 << 20} {
				t.Run(fmt.Sprintf("%s/pieces=%d", tls.VersionName(version), pieces), func(t *testing.T) {
					c, _ := r.dialTLS(&tls.Config{MinVersion: version, MaxVersion: version},
						func(nc net.Conn) net.Conn { return chopped{nc, pieces} })
					for _, n := range []int{0, 1, 125, 16 << 10, 20_000, 1 << 18} {
						if n > 20_000 && pieces < 1000 {
							continue
						}
						p := strings.Repeat("godwit ", n/7+1)[:n]
						write(t, c, p)
						read(t, c, p)
					}
					if err := c.Close(t.Context(), conn.CodeNormal, ""); err != nil {
						t.Error(err)
					}
				})
			}
		}
	})
}

// What a loop sends over TLS by itself, while nothing comes, arrives.
func TestTLSFromOutside(t *testing.T) {
	bothModes(t, func(t *testing.T, r *rig) {
		r.serveTLS(conn.Config{MaxQueued: -1}, certified(), echo)
		c, _ := r.dialTLS(&tls.Config{}, untouched)
		s := next(t, r.conns, "connection")
		big := strings.Repeat("x", 1<<20)
		sent := make(chan error, 1)
		go func() {
			for range 5 {
				if err := s.WriteText(t.Context(), big); err != nil {
					sent <- err
					return
				}
			}
			sent <- s.Close(t.Context(), conn.CodeNormal, "bye")
		}()
		c.DiscardReads()
		if err := next(t, sent, "end of sending"); err != nil {
			t.Error(err)
		}
		<-c.Context().Done()
		if e, ok := errors.AsType[*conn.CloseError](c.Err()); !ok || e.Code != conn.CodeNormal {
			t.Errorf("the client's end: %v", c.Err())
		}
	})
}

// A client that doesn't read is not read from, over TLS as well, and loses nothing.
func TestTLSBackPressure(t *testing.T) {
	bothModesAtOnce(t, func(t *testing.T, r *rig) {
		r.serveTLS(conn.Config{}, certified(), echo)
		c, _ := r.dialTLS(&tls.Config{}, untouched)
		p := bytes.Repeat([]byte{'x'}, 64<<10)
		sent := make(chan error, 1)
		go func() {
			for range 500 {
				if err := c.Write(t.Context(), conn.Binary, p); err != nil {
					sent <- err
					return
				}
			}
			sent <- nil
		}()
		select {
		case err := <-sent:
			t.Fatalf("all was taken, %v", err)
		case <-time.After(200 * time.Millisecond):
		}
		for range 500 {
			if _, q, err := c.Read(t.Context()); err != nil || len(q) != len(p) {
				t.Fatalf("%d bytes, %v", len(q), err)
			}
		}
		if err := next(t, sent, "end of sending"); err != nil {
			t.Error(err)
		}
	})
}

// TestTLSEnds ends connections below WebSocket.
func TestTLSEnds(t *testing.T) {
	tests := []struct {
		name string
		end  func(*tls.Conn)
		err  error
	}{
		{"close-notify", func(c *tls.Conn) { c.CloseWrite() }, conn.ErrNoClose},
		{"cut", func(c *tls.Conn) { c.NetConn().Close() }, nil},
		{"garbage", func(c *tls.Conn) { io.WriteString(c.NetConn(), "this is no record of TLS's") }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bothModes(t, func(t *testing.T, r *rig) {
				ends := make(chan *conn.CloseError, 10)
				r.serveTLS(conn.Config{}, certified(), ending(ends, hooks{}))
				c, secured := r.dialTLS(&tls.Config{}, untouched)
				write(t, c, "hello")
				read(t, c, "hello")
				tt.end(secured)
				if e := next(t, ends, "end"); e.Code != conn.CodeAbnormal || tt.err != nil && !errors.Is(e.Err, tt.err) {
					t.Errorf("ended with %+v", e)
				}
			})
		})
	}
}

// Clients over TLS are driven by loops too: none has a goroutine.
func TestTLSClients(t *testing.T) {
	bothModes(t, func(t *testing.T, r *rig) {
		r.serveTLS(conn.Config{}, certified(), echo)
		d := conn.Dialer{TLS: &tls.Config{InsecureSkipVerify: true}}
		before := runtime.NumGoroutine()
		const clients = 50
		echoed, ends := make(chan string, clients), make(chan *conn.CloseError, clients)
		h := ending(ends, hooks{message: func(_ *conn.Conn, _ conn.Opcode, p []byte) error {
			echoed <- string(p)
			return nil
		}})
		all := make([]*conn.Conn, clients)
		for i := range all {
			c, err := d.Dial(t.Context(), "wss://"+r.addr+"/")
			if err != nil {
				t.Fatal(err)
			}
			if err := r.engine.Attach(c, h()); err != nil {
				t.Fatal(err)
			}
			all[i] = c
		}
		for range 2 {
			for _, c := range all {
				write(t, c, "hello")
			}
			for range all {
				if text := next(t, echoed, "echo"); text != "hello" {
					t.Errorf("%q came back", text)
				}
			}
		}
		if n := runtime.NumGoroutine() - before; n > clients/2 {
			t.Errorf("%d clients have %d goroutines", clients, n)
		}
		for _, c := range all {
			if err := c.Close(t.Context(), conn.CodeNormal, "bye"); err != nil {
				t.Error(err)
			}
			if e := next(t, ends, "end"); e.Code != conn.CodeNormal {
				t.Errorf("ended with %v", e)
			}
		}
	})
}

// TLS that knows nothing of loops has a goroutine.
func TestTLSFromElsewhere(t *testing.T) {
	r := newRig(t, eventloop.Config{Loops: 1})
	r.wrap = func(nc net.Conn) net.Conn { return tls.Server(nc, certified()) }
	r.serve(conn.Config{}, echo)
	c, _ := r.dialTLS(&tls.Config{}, untouched)
	write(t, c, "hello")
	read(t, c, "hello")
	if r.engine.Len() != 1 {
		t.Errorf("Len is %d", r.engine.Len())
	}
}

func TestTLSListener(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, eventloop.Config{Loops: 1})
	r.hooks, r.addr = echo, l.Addr().String()
	secured := eventloop.NewTLSListener(l, certified())
	defer secured.Close()
	go func() {
		if nc, err := secured.Accept(); err == nil {
			r.accept(nc)
		}
	}()
	c, _ := r.dialTLS(&tls.Config{}, untouched)
	write(t, c, "hello")
	read(t, c, "hello")
	secured.Close()
	if _, err := secured.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept: %v", err)
	}
}

// tlsClient is a client that trusts anybody.
func tlsClient(nc net.Conn) net.Conn { return tls.Client(nc, &tls.Config{InsecureSkipVerify: true}) }
