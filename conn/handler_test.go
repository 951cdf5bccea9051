package conn_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
	"github.com/godwit-ws/godwit/handshake"
)

// journal is a logger's output.
type journal struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.String()
}

// logger writes to j what is at least at level.
func (j *journal) logger(level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(j, &slog.HandlerOptions{Level: level}))
}

func TestHandlerClosesWithWhatItReturns(t *testing.T) {
	tests := []struct {
		name   string
		f      func(*conn.Conn) error
		code   frame.Code
		reason string
		logged string // one record that holds it; "" for none
	}{
		{"nil", func(*conn.Conn) error { return nil }, 1000, "", ""},
		{"close-error", func(*conn.Conn) error { return &conn.CloseError{Code: 4001, Reason: "go away"} }, 4001, "go away", ""},
		{"close-error-wrapped", func(*conn.Conn) error {
			return fmt.Errorf("room: %w", &conn.CloseError{Code: 1008, Err: errPrivate})
		}, 1008, "", ""},
		{"close-error-long-reason", func(*conn.Conn) error {
			return &conn.CloseError{Code: 4001, Reason: strings.Repeat("é", 100)}
		}, 4001, strings.Repeat("é", 61), ""},
		{"close-error-bad-reason", func(*conn.Conn) error { return &conn.CloseError{Code: 4001, Reason: "a\xffb"} }, 4001, "a\uFFFDb", ""},
		{"close-error-of-an-upstream", func(*conn.Conn) error {
			return &conn.CloseError{Code: frame.CodeAbnormal, Err: errPrivate}
		}, 1011, "internal error", "hunter2"},
		{"error", func(*conn.Conn) error { return errPrivate }, 1011, "internal error", "hunter2"},
		{"error-closed-elsewhere", func(*conn.Conn) error { return net.ErrClosed }, 1011, "internal error", "closed network connection"},
		{"error-cancelled-elsewhere", func(*conn.Conn) error { return context.Canceled }, 1011, "internal error", "context canceled"},
		{"panic", func(*conn.Conn) error { panic("hunter2") }, 1011, "internal error", "handler_test.go"},
		{"panic-with-error", func(*conn.Conn) error { panic(errPrivate) }, 1011, "internal error", "hunter2"},
		{"error-of-a-hook", func(c *conn.Conn) error {
			return c.Run(&recorder{open: func(*conn.Conn) error { return errPrivate }})
		}, 1011, "internal error", "hunter2"},
		{"panic-of-a-hook", func(c *conn.Conn) error {
			return c.Run(&recorder{open: func(*conn.Conn) error { panic("hunter2") }})
		}, 1011, "internal error", "handler_test.go"},
		{"close-error-of-a-hook", func(c *conn.Conn) error {
			return c.Run(&recorder{open: func(*conn.Conn) error { return &conn.CloseError{Code: 4001, Reason: "go away"} }})
		}, 4001, "go away", ""},
		{"panic-in-runtime", func(c *conn.Conn) error {
			var m map[string]int
			m["a"]++ //lint:ignore SA5000 it is to panic
			return nil
		}, 1011, "internal error", "nil map"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log journal
				u := &conn.Upgrader{Logger: log.logger(slog.LevelDebug)}
				p, _ := asked(t, httpServer(t, &http.Server{Handler: u.Handler(tt.f)}), opening())
				h, got, err := p.read()
				if err != nil || h.Opcode != frame.Close {
					t.Fatalf("peer read %+v, %v", h, err)
				}
				code, reason, err := frame.ParseClosePayload([]byte(got))
				if err != nil || code != tt.code || reason != tt.reason {
					t.Errorf("closed with %v %q, %v; want %v %q", code, reason, err, tt.code, tt.reason)
				}
				p.send(whole(frame.Close, got[:2]))
				p.wantEOF()
				p.nc.Close()
				synctest.Wait()
				records := strings.Count(log.String(), "\n")
				if want := min(1, len(tt.logged)); records != want || !strings.Contains(log.String(), tt.logged) {
					t.Errorf("logged %d records, want %d with %q:\n%s", records, want, tt.logged, log.String())
				}
			})
		})
	}
}

// What ended the connection is no error of the handler's: it is not logged.
func TestHandlerIsToldOfTheEnd(t *testing.T) {
	ways := map[string]func(*conn.Conn) error{
		"read": func(c *conn.Conn) error { _, _, err := c.Read(context.Background()); return err },
		"read-wrapped": func(c *conn.Conn) error {
			_, _, err := c.Read(c.Context())
			return fmt.Errorf("room: %w", err)
		},
		"context": func(c *conn.Conn) error {
			c.DiscardReads()
			<-c.Context().Done()
			return c.Context().Err()
		},
		"cause": func(c *conn.Conn) error {
			c.DiscardReads()
			<-c.Context().Done()
			return context.Cause(c.Context())
		},
		"own-close": func(c *conn.Conn) error {
			c.Close(context.Background(), 4002, "")
			return c.WriteText(context.Background(), "too late")
		},
		"own-abort": func(c *conn.Conn) error { c.Abort(); return c.Err() },
	}
	ends := map[string]func(*peer){
		"peer-closes":  func(p *peer) { p.nc.Write(whole(frame.Close, "\x03\xe8")) },
		"peer-is-gone": func(p *peer) { p.nc.Close() },
		"peer-errs":    func(p *peer) { p.nc.Write([]byte{0xff, 0xff}) },
	}
	for way, f := range ways {
		for end, act := range ends {
			t.Run(way+"/"+end, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var log journal
					u := &conn.Upgrader{Logger: log.logger(slog.LevelDebug)}
					p, _ := asked(t, httpServer(t, &http.Server{Handler: u.Handler(f)}), opening())
					act(p)
					readAll(p.nc)
					synctest.Wait()
					if log.String() != "" {
						t.Errorf("logged %s", log.String())
					}
				})
			})
		}
	}
}

// A handler's goroutine that ends without returning, as a test's does, takes its
// connection along.
func TestHandlerGoexit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := asked(t, httpServer(t, &http.Server{Handler: conn.Handler(func(*conn.Conn) error {
			runtime.Goexit()
			return nil
		})}), opening())
		if got := readAll(p.nc); got != "" {
			t.Errorf("the peer read %q", got)
		}
	})
}

// What hooks drive isn't closed because the handler returns.
func TestHandlerLeavesHooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := asked(t, httpServer(t, &http.Server{Handler: conn.Handler(func(c *conn.Conn) error {
			opened := make(chan struct{})
			go c.Serve(&recorder{
				open:    func(*conn.Conn) error { close(opened); return nil },
				message: func(c *conn.Conn, p []byte) error { return c.Write(context.Background(), conn.Text, p) },
			})
			<-opened
			return nil
		})}), opening())
		synctest.Wait() // the handler has returned
		p.send(whole(frame.Text, "still here"))
		p.want(frame.Text, "still here")
	})
}

// A peer that doesn't answer the Close is dropped after CloseTimeout.
func TestHandlerPeerDoesNotAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := &conn.Upgrader{Config: conn.Config{CloseTimeout: 3 * time.Second}}
		p, _ := asked(t, httpServer(t, &http.Server{Handler: u.Handler(func(*conn.Conn) error { return nil })}), opening())
		start := time.Now()
		p.wantClose(frame.CodeNormal)
		readAll(p.nc)
		elapsed(t, start, 3*time.Second)
	})
}

// net/http's handler returns while the connection lives on, with the values of
// the request's context but not its end.
func TestHandlerLetsNetHTTPReturn(t *testing.T) {
	type key struct{}
	synctest.Test(t, func(t *testing.T) {
		conns := make(chan *conn.Conn, 1)
		h := conn.Handler(func(c *conn.Conn) error {
			conns <- c
			_, p, err := c.Read(c.Context())
			if err != nil {
				return err
			}
			return c.Write(c.Context(), conn.Text, p)
		})
		returned := make(chan context.Context, 1)
		p, _ := asked(t, httpServer(t, &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r = r.WithContext(context.WithValue(r.Context(), key{}, "value"))
			h.ServeHTTP(w, r)
			returned <- r.Context()
		})}), opening())
		of, c := <-returned, <-conns
		synctest.Wait()
		if of.Err() == nil {
			t.Error("net/http hasn't ended the request's context")
		}
		ctx := c.Context()
		if ctx.Err() != nil || ctx.Value(key{}) != "value" || ctx.Value(http.ServerContextKey) == nil {
			t.Errorf("the connection's context is %v", ctx)
		}
		p.send(whole(frame.Text, "still here"))
		p.want(frame.Text, "still here")
		p.wantClose(frame.CodeNormal)
		p.send(whole(frame.Close, "\x03\xe8"))
		p.wantEOF()
		p.nc.Close()
		synctest.Wait()
		if ctx.Err() == nil || !errors.Is(context.Cause(ctx), net.ErrClosed) {
			t.Errorf("after the end the context has %v, cause %v", ctx.Err(), context.Cause(ctx))
		}
	})
}

// hijackWatch is a ResponseWriter that keeps weak pointers to what Hijack gave.
type hijackWatch struct {
	http.ResponseWriter
	reader *weak.Pointer[bufio.Reader]
	writer *weak.Pointer[bufio.Writer]
}

func (w hijackWatch) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	nc, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err == nil {
		*w.reader, *w.writer = weak.Make(rw.Reader), weak.Make(rw.Writer)
	}
	return nc, rw, err
}

// The 8 KiB of buffers that net/http holds for a connection are given up, though
// bytes followed the request.
func TestHandlerFreesNetHTTPsBuffers(t *testing.T) {
	var reader weak.Pointer[bufio.Reader]
	var writer weak.Pointer[bufio.Writer]
	got := make(chan string)
	h := conn.Handler(func(c *conn.Conn) error {
		for {
			_, p, err := c.Read(context.Background())
			if err != nil {
				return err
			}
			got <- string(p)
		}
	})
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(hijackWatch{w, &reader, &writer}, r)
	})}
	closed := make(chan struct{})
	srv.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateHijacked {
			close(closed)
		}
	}
	p, _ := asked(t, httpServer(t, srv), opening()+string(whole(frame.Text, "first")))
	<-closed
	if first := <-got; first != "first" {
		t.Errorf("read %q", first)
	}
	within(t, "freeing the buffers", func() {
		for reader.Value() != nil || writer.Value() != nil {
			runtime.GC()
		}
	})
	p.send(whole(frame.Text, "second"))
	if second := <-got; second != "second" {
		t.Errorf("read %q", second)
	}
	p.nc.Close()
}

// Refusals are nothing to be woken for, mistakes of the server's are.
func TestHandlerLogsRefusals(t *testing.T) {
	tests := []struct {
		name     string
		upgrader *conn.Upgrader
		edit     func(*http.Request)
		level    string
		status   int
	}{
		{"peer", &conn.Upgrader{}, func(r *http.Request) { r.Header.Del("Upgrade") }, "DEBUG", 426},
		{"check", checked(handshake.ErrUnavailable), nil, "DEBUG", 503},
		{"misconfigured", &conn.Upgrader{Subprotocols: []string{""}}, nil, "ERROR", 500},
		{"not-hijackable", &conn.Upgrader{}, nil, "ERROR", 500},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var log journal
			tt.upgrader.Logger = log.logger(slog.LevelDebug)
			w, r := httptest.NewRecorder(), opened()
			if tt.edit != nil {
				tt.edit(r)
			}
			tt.upgrader.Handler(func(*conn.Conn) error { t.Error("called"); return nil }).ServeHTTP(w, r)
			if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "level="+tt.level) || w.Code != tt.status {
				t.Errorf("answered %d, logged %s; want %d at level %s", w.Code, got, tt.status, tt.level)
			}
		})
	}
}

// Without a Logger of its own a handler uses slog's default.
func TestHandlerDefaultLogger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log journal
		before := slog.Default()
		slog.SetDefault(log.logger(slog.LevelError))
		defer slog.SetDefault(before)
		p, _ := asked(t, httpServer(t, &http.Server{Handler: conn.Handler(func(*conn.Conn) error { return io.ErrNoProgress })}), opening())
		p.wantClose(frame.CodeInternalError)
		readAll(p.nc)
		synctest.Wait()
		if !strings.Contains(log.String(), io.ErrNoProgress.Error()) {
			t.Errorf("logged %q", log.String())
		}
	})
}
