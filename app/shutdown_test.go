package app_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
)

func TestShutdownTellsEverybody(t *testing.T) {
	const n = 100
	ends := make(chan *app.CloseError, n+1)
	s, url := serve(t, app.Config{}, func(r *app.Router) {
		route(t, r, "/", func() any { return &watcher{ends: ends} })
	})
	clients := make([]*client, n)
	for i := range clients {
		clients[i] = dial(t, url)
	}
	done := make(chan error, 2)
	for range cap(done) { // twice at once
		go func() { done <- s.Shutdown(context.Background()) }()
	}
	for _, c := range clients {
		c.wantEnd(conn.CodeGoingAway, "server shutting down")
	}
	for range cap(done) {
		if err := <-done; err != nil {
			t.Errorf("Shutdown: %v", err)
		}
	}
	if len(ends) != n {
		t.Errorf("OnClose was called %d times when Shutdown had returned, want %d", len(ends), n)
	}
	for range n {
		if e := <-ends; e.Code != conn.CodeGoingAway || e.Remote {
			t.Errorf("OnClose got %v", e)
		}
	}
	if st := s.Stats(); st.Conns != 0 || st.Accepted != n {
		t.Errorf("Stats = %+v", st)
	}
	if err := s.Serve(newPipes()); !errors.Is(err, app.ErrServerClosed) {
		t.Errorf("Serve after Shutdown: %v", err)
	}
	if err := s.Listen(); !errors.Is(err, app.ErrServerClosed) {
		t.Errorf("Listen after Shutdown: %v", err)
	}
}

// stuck is a handler whose hook doesn't return before it is released.
type stuck struct {
	app.Application
	entered chan struct{}
	release chan struct{}
	closed  *atomic.Int32
}

func (h *stuck) OnMessage(*app.Conn, []byte) error {
	close(h.entered)
	<-h.release
	return nil
}

func (h *stuck) OnClose(*app.Conn, *app.CloseError) { h.closed.Add(1) }

func TestShutdownForces(t *testing.T) {
	for name, tt := range map[string]struct {
		config app.Config
		ctx    time.Duration
		want   error
	}{
		"context":       {app.Config{}, 2 * time.Second, context.DeadlineExceeded},
		"drain-timeout": {app.Config{DrainTimeout: 3 * time.Second}, time.Hour, app.ErrDrainTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			h := &stuck{closed: new(atomic.Int32)}
			add := func(t *testing.T, r *app.Router) {
				h.entered, h.release = make(chan struct{}), make(chan struct{}) // the bubble's
				route(t, r, "/", func() any { return h })
			}
			inBubble(t, tt.config, add, func(t *testing.T, s *app.Server, connect func(string) *client) {
				c := connect("/")
				c.send("stick")
				<-h.entered
				ctx, cancel := context.WithTimeout(t.Context(), tt.ctx)
				defer cancel()
				start := time.Now()
				if err := s.Shutdown(ctx); !errors.Is(err, tt.want) {
					t.Errorf("Shutdown: %v, want %v", err, tt.want)
				}
				if took := time.Since(start); took > 5*time.Second {
					t.Errorf("took %v", took)
				}
				close(h.release)
			})
			if n := h.closed.Load(); n != 1 {
				t.Errorf("OnClose was called %d times, want once", n)
			}
		})
	}
}

func TestShutdownRefusesNewcomers(t *testing.T) {
	h := &stuck{entered: make(chan struct{}), release: make(chan struct{}), closed: new(atomic.Int32)}
	log, _ := logger(slog.LevelError)
	s, err := app.New(app.Config{Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	route(t, s.Router(), "/", func() any { return h })
	mounted := httptest.NewServer(s)
	defer mounted.Close()
	url := "ws" + strings.TrimPrefix(mounted.URL, "http")
	c := dial(t, url)
	c.DiscardReads()
	c.send("stick")
	<-h.entered
	done := make(chan error, 1)
	go func() { done <- s.Shutdown(context.Background()) }()
	eventually(t, "newcomers are refused", func() bool {
		c, err := conn.Dial(context.Background(), url)
		if err == nil {
			c.Abort()
			return false
		}
		e, ok := errors.AsType[*conn.DialError](err)
		return ok && e.Status == http.StatusServiceUnavailable && e.Response.Get("Retry-After") != ""
	})
	close(h.release)
	if err := <-done; err != nil {
		t.Errorf("Shutdown: %v", err)
	}
}

// A browser opens connections in advance, on which no request may ever come.
func TestShutdownCutsIdleSockets(t *testing.T) {
	t.Parallel() // it waits for a second
	s, url := serve(t, app.Config{}, nil)
	nc, err := net.Dial("tcp", strings.TrimPrefix(url, "ws://"))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	nc.Write([]byte("GET / HT"))
	dialRefused(t, url) // so that the server has accepted the one before
	if err := s.Shutdown(context.Background()); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
}

func dialRefused(t *testing.T, url string) {
	t.Helper()
	if code, _ := status(t, new(conn.Dialer), url+"/none"); code != http.StatusNotFound {
		t.Errorf("status %d", code)
	}
}

func TestRunTwice(t *testing.T) {
	s, err := app.New(app.Config{Addr: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ran := make(chan error, 2)
	for range cap(ran) {
		go func() { ran <- s.ServeForever() }()
	}
	if err := <-ran; !errors.Is(err, app.ErrRunning) {
		t.Errorf("one of two: %v, want ErrRunning", err)
	}
	if err := s.Shutdown(context.Background()); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	if err := <-ran; err != nil {
		t.Errorf("the other: %v", err)
	}
}

func TestRunEndsWithContext(t *testing.T) {
	s, err := app.New(app.Config{Addr: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx) }()
	cancel()
	if err := <-ran; err != nil {
		t.Errorf("Run: %v", err)
	}
}

func TestPortInUse(t *testing.T) {
	first, _ := serve(t, app.Config{}, nil)
	addr := first.Addr().String()
	second, err := app.New(app.Config{Addr: addr})
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Run(context.Background()); err == nil || !strings.Contains(err.Error(), addr) {
		t.Errorf("Run on a port in use: %v, want an error that names %s", err, addr)
	}
}
