package app_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/eventloop"
)

const wsRequest = "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"

// bothLoops runs f with engines of one loop.
func bothLoops(t *testing.T, f func(t *testing.T, e *eventloop.Engine)) {
	for name, inline := range map[string]bool{"inline": true, "pooled": false} {
		t.Run(name, func(t *testing.T) {
			e, err := eventloop.New(eventloop.Config{Inline: inline, Loops: 1})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(e.Close)
			f(t, e)
		})
	}
}

// connect returns a client's bare connection on which text was sent.
func connect(t *testing.T, addr net.Addr, text string) net.Conn {
	t.Helper()
	nc, err := net.Dial(addr.Network(), addr.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(limit))
	if _, err := io.WriteString(nc, text); err != nil {
		t.Fatal(err)
	}
	return nc
}

func wantStatus(t *testing.T, nc net.Conn, want int) {
	t.Helper()
	answer, err := http.ReadResponse(bufio.NewReader(nc), nil)
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	answer.Body.Close()
	if answer.StatusCode != want {
		t.Errorf("answered with %s, want %d", answer.Status, want)
	}
}

// wantDropped wants a connection to end without an answer.
func wantDropped(t *testing.T, nc net.Conn) {
	t.Helper()
	if n, err := nc.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %d bytes, %v; want the end", n, err)
	}
}

// Connections whose request is still to come are the loops', on whatever they listen.
func TestLoopsAccept(t *testing.T) {
	bothLoops(t, func(t *testing.T, e *eventloop.Engine) {
		for _, addr := range []string{"127.0.0.1:0", "unix:" + filepath.Join(t.TempDir(), "s")} {
			s, _ := serve(t, app.Config{Engine: e, Addr: addr}, func(r *app.Router) {
				route(t, r, "/", func() any { return new(repeats) })
			})
			before := e.Len()
			nc := connect(t, s.Addr(), wsRequest[:20])
			eventually(t, "a loop has it", func() bool { return e.Len() == before+1 })
			if st := s.Stats(); st.Conns != 0 || st.Accepted != 0 {
				t.Errorf("%s: Stats = %+v", addr, st)
			}
			io.WriteString(nc, wsRequest[20:])
			wantStatus(t, nc, http.StatusSwitchingProtocols)
			eventually(t, "it is the server's", func() bool { return s.Stats().Conns == 1 })
		}
	})
}

// What becomes no connection is counted and logged, once.
func TestLoopsRefuse(t *testing.T) {
	bothLoops(t, func(t *testing.T, e *eventloop.Engine) {
		log, lines := logger(0)
		s, _ := serve(t, app.Config{Engine: e, Logger: log}, func(r *app.Router) { route(t, r, "/", func() any { return new(repeats) }) })
		wantStatus(t, connect(t, s.Addr(), "rubbish\r\n\r\n"), http.StatusBadRequest)
		wantStatus(t, connect(t, s.Addr(), strings.Replace(wsRequest, "GET / ", "GET /none ", 1)), http.StatusNotFound)
		wantStatus(t, connect(t, s.Addr(), "GET / HTTP/1.1\r\nHost: h\r\n\r\n"), http.StatusUpgradeRequired)
		connect(t, s.Addr(), wsRequest[:20]).Close()
		eventually(t, "four are refused", func() bool { return s.Stats().Refused == 4 })
		for _, text := range []string{"status=400", "status=404 path=/none", "status=426 path=/", "EOF"} {
			wantLine(t, lines, text)
		}
	})
}

func TestLoopsMaxHandshakes(t *testing.T) {
	bothLoops(t, func(t *testing.T, e *eventloop.Engine) {
		s, url := serve(t, app.Config{Engine: e, MaxHandshakes: 2, Limits: conn.Config{HandshakeTimeout: time.Hour}}, func(r *app.Router) {
			route(t, r, "/", func() any { return new(repeats) })
		})
		var slow [3]net.Conn
		for i := range slow {
			slow[i] = connect(t, s.Addr(), wsRequest[:1+i])
			eventually(t, "it is accepted", func() bool { return e.Len() == min(i+1, 2) || i == 2 })
		}
		wantDropped(t, slow[0])
		dial(t, url) // in place of the second
		wantDropped(t, slow[1])
		io.WriteString(slow[2], wsRequest[3:])
		wantStatus(t, slow[2], http.StatusSwitchingProtocols)
		eventually(t, "two are here, two were dropped", func() bool {
			st := s.Stats()
			return st.Conns == 2 && st.Refused == 2
		})
	})
}

// What comes while the server shuts down is told so; what doesn't come is dropped after
// a second, and nobody listens any more.
func TestLoopsShutdown(t *testing.T) {
	t.Parallel() // it waits
	bothLoops(t, func(t *testing.T, e *eventloop.Engine) {
		ends := make(chan *app.CloseError, 1)
		s, url := serve(t, app.Config{Engine: e}, func(r *app.Router) {
			route(t, r, "/", func() any { return &watcher{ends: ends} })
		})
		c := dial(t, url)
		slow, silent := connect(t, s.Addr(), wsRequest[:20]), connect(t, s.Addr(), "")
		eventually(t, "three are here", func() bool { return e.Len() == 3 })
		done := make(chan error, 1)
		begin := time.Now()
		go func() { done <- s.Shutdown(context.Background()) }()
		c.wantEnd(conn.CodeGoingAway, "server shutting down")
		io.WriteString(slow, wsRequest[20:])
		wantStatus(t, slow, http.StatusServiceUnavailable)
		slow.Close() // else Shutdown waits a second for it
		wantDropped(t, silent)
		if err := <-done; err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		if took := time.Since(begin); took > limit/2 {
			t.Errorf("Shutdown took %v", took)
		}
		if nc, err := net.Dial("tcp", s.Addr().String()); err == nil {
			nc.Close()
			t.Error("the listener still listens")
		}
		if len(ends) != 1 {
			t.Errorf("OnClose was called %d times", len(ends))
		}
	})
}

// With nobody there Shutdown waits for nothing.
func TestLoopsShutdownIdle(t *testing.T) {
	bothLoops(t, func(t *testing.T, e *eventloop.Engine) {
		s, url := serve(t, app.Config{Engine: e}, nil)
		dialRefused(t, url)
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
	})
}

// Middleware may wait, whatever the engine: others are answered meanwhile.
func TestLoopsMiddlewareWaits(t *testing.T) {
	bothLoops(t, func(t *testing.T, e *eventloop.Engine) {
		asked, answer := make(chan struct{}), make(chan struct{})
		waits := func(next app.Acceptor) app.Acceptor {
			return func(r *app.Request) (app.Handler, error) {
				close(asked)
				<-answer
				return next(r)
			}
		}
		s, url := serve(t, app.Config{Engine: e}, func(r *app.Router) {
			route(t, r, "/slow", func() any { return new(repeats) }, waits)
			route(t, r, "/", func() any { return new(repeats) })
		})
		slow := connect(t, s.Addr(), strings.Replace(wsRequest, "GET / ", "GET /slow ", 1))
		<-asked
		c := dial(t, url)
		c.send("on")
		c.want("on")
		close(answer)
		wantStatus(t, slow, http.StatusSwitchingProtocols)
	})
}

// Who asks for no WebSocket is served by net/http, on the same port.
func TestLoopsPlainHTTP(t *testing.T) {
	bothLoops(t, func(t *testing.T, e *eventloop.Engine) {
		s, _ := serve(t, app.Config{Engine: e, HTTP: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.Copy(w, r.Body)
		})}, nil)
		nc := connect(t, s.Addr(), "")
		r := bufio.NewReader(nc)
		for range 3 {
			io.WriteString(nc, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc")
			answer, err := http.ReadResponse(r, nil)
			if err != nil {
				t.Fatal(err)
			}
			if body, err := io.ReadAll(answer.Body); string(body) != "abc" || err != nil {
				t.Errorf("answered %q, %v", body, err)
			}
		}
	})
}
