package conn_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/conn"
)

func TestDialServerHangsUp(t *testing.T) {
	for name, text := range map[string]string{"at-once": "", "in-the-header": "HTTP/1.1 101 Swi", "after-informational": "HTTP/1.1 100 Continue\r\n\r\n"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := alone("")
				w.hosts["a.example:80"] = w.hangsUp(text)
				_, err := w.dialer().Dial(t.Context(), "ws://a.example/")
				if !errors.Is(err, io.EOF) || !strings.Contains(err.Error(), "before it had answered") {
					t.Errorf("Dial: %v", err)
				}
			})
		})
	}
	t.Run("refused", func(t *testing.T) {
		_, err := new(world).dialer().Dial(t.Context(), "ws://u:hunter2@a.example/")
		if !errors.Is(err, syscall.ECONNREFUSED) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("Dial: %v", err)
		}
	})
}

// However slow the server, Dial ends at the moment its context or
// HandshakeTimeout does, with that error.
func TestDialSlowServer(t *testing.T) {
	silent := func(nc net.Conn) { io.Copy(io.Discard, nc) }
	dribble := func(nc net.Conn) {
		for _, b := range []byte(switching()) {
			if _, err := nc.Write([]byte{b}); err != nil {
				return
			}
			time.Sleep(time.Second)
		}
	}
	stuck := func(nc net.Conn) { nc.Read(make([]byte, 1)); io.Copy(io.Discard, nc) }
	for name, tt := range map[string]struct {
		url   string
		serve func(net.Conn)
	}{
		"silent":        {"ws://a.example/", silent},
		"dribbling":     {"ws://a.example/", dribble},
		"informational": {"ws://a.example/", func(nc net.Conn) { io.WriteString(nc, "HTTP/1.1 100 C\r\n\r\n"); silent(nc) }},
		"tls-silent":    {"wss://a.example/", stuck},
		"tls-then-none": {"wss://a.example/", secured(silent)},
	} {
		for limit, set := range map[string]func(*conn.Dialer) (context.Context, context.CancelFunc){
			"context": func(*conn.Dialer) (context.Context, context.CancelFunc) {
				return context.WithTimeout(context.Background(), 3*time.Second)
			},
			"handshake-timeout": func(d *conn.Dialer) (context.Context, context.CancelFunc) {
				d.Config.HandshakeTimeout = 3 * time.Second
				return context.WithCancel(context.Background())
			},
		} {
			t.Run(name+"/"+limit, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := &world{hosts: map[string]func(net.Conn){"a.example:80": tt.serve, "a.example:443": tt.serve}}
					d := w.dialer()
					d.TLS = clientTLS()
					ctx, cancel := set(d)
					defer cancel()
					start := time.Now()
					if _, err := d.Dial(ctx, tt.url); !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("Dial: %v", err)
					}
					elapsed(t, start, 3*time.Second)
					time.Sleep(time.Second) // the dribbling server notices
				})
			})
		}
	}
	t.Run("cancelled", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := alone("")
			ctx, cancel := context.WithCancel(t.Context())
			go func() { synctest.Wait(); cancel() }()
			if _, err := w.dialer().Dial(ctx, "ws://a.example/"); !errors.Is(err, context.Canceled) {
				t.Errorf("Dial: %v", err)
			}
		})
	})
	t.Run("default", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			if _, err := alone("").dialer().Dial(t.Context(), "ws://a.example/"); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Dial: %v", err)
			}
			elapsed(t, start, 10*time.Second)
		})
	})
}

// deaf is a connection without deadlines, as those through an SSH client are.
type deaf struct{ net.Conn }

func (deaf) SetDeadline(time.Time) error { return errors.ErrUnsupported }

func (deaf) SetReadDeadline(time.Time) error { return errors.ErrUnsupported }

func (deaf) SetWriteDeadline(time.Time) error { return errors.ErrUnsupported }

func TestDialWithoutDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := alone("")
		d := w.dialer()
		d.NetDial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			nc, err := w.dial(ctx, network, addr)
			return deaf{nc}, err
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if _, err := d.Dial(ctx, "ws://a.example/"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Dial: %v", err)
		}
		elapsed(t, start, time.Second)
	})
}

// The context of Dial gives its values to the connection, and has no other effect
// on it.
func TestDialContextEndsLater(t *testing.T) {
	type key struct{}
	synctest.Test(t, func(t *testing.T) {
		w := alone("")
		w.hosts["a.example:80"] = w.answers(switching() + "\x81\x02hi")
		ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "value"))
		c, err := w.dialer().Dial(ctx, "ws://a.example/")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Abort()
		cancel()
		time.Sleep(time.Minute) // past HandshakeTimeout
		if _, p, err := c.Read(t.Context()); string(p) != "hi" || err != nil {
			t.Errorf("Read = %q, %v", p, err)
		}
		if c.Context().Err() != nil || c.Context().Value(key{}) != "value" {
			t.Errorf("Context is %v", c.Context())
		}
	})
}

func TestDialFromManyGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := alone(switching())
		d := w.dialer()
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				c, err := d.Dial(t.Context(), "ws://a.example/")
				if err != nil {
					t.Error(err)
					return
				}
				c.Abort()
			})
		}
		all.Wait()
	})
}

// Over real sockets a failed Dial leaves neither goroutines nor descriptors.
func TestDialLeavesNothingBehind(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/hijacked": // and closed without an answer
			nc, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				nc.Close()
			}
		case "/silent":
			<-r.Context().Done()
		default:
			http.NotFound(w, r)
		}
	}))
	defer srv.Close()
	before := runtime.NumGoroutine()
	files := openFiles(t)
	for range 10 {
		for _, path := range []string{"/", "/hijacked", "/silent"} {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
			if c, err := conn.Dial(ctx, srv.URL+path); err == nil {
				t.Errorf("%s: accepted", path)
				c.Abort()
			}
			cancel()
		}
		if _, err := conn.Dial(t.Context(), strings.Replace(srv.URL, "http", "wss", 1)); err == nil {
			t.Error("TLS without a server for it")
		}
	}
	srv.CloseClientConnections()
	within(t, "cleaning up", func() {
		for runtime.NumGoroutine() > before+1 || openFiles(t) > files { // within has one itself
			runtime.Gosched()
		}
	})
}

func TestDialRequestCannotBeWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := alone(switching())
		d := w.dialer()
		d.NetDial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			nc, err := w.dial(ctx, network, addr)
			return mute{nc}, err
		}
		if _, err := d.Dial(t.Context(), "ws://a.example/"); !errors.Is(err, syscall.EPIPE) {
			t.Errorf("Dial: %v", err)
		}
	})
}
