package app_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
)

func TestSeed014Shutdown(t *testing.T) {
	const n = 100
	var count atomic.Int64
	s, url := serve(t, app.Config{}, at(t, "/echo", acts{
		close: func(_ *app.Conn, e *app.CloseError) {
			count.Add(1)
			if e.Code != conn.CodeGoingAway || e.Err != nil {
				t.Errorf("OnClose was told %v", e)
			}
		},
	}))
	var clients []*client
	for range n {
		clients = append(clients, dial(t, url+"/echo"))
	}
	var reading sync.WaitGroup
	for _, c := range clients {
		reading.Go(func() { c.wantEnd(conn.CodeGoingAway, "server shutting down") })
	}
	var calls sync.WaitGroup
	for range 3 {
		calls.Go(func() {
			if err := s.Shutdown(context.Background()); err != nil {
				t.Errorf("Shutdown: %v", err)
			}
			if got := count.Load(); got != n {
				t.Errorf("%d calls of OnClose before Shutdown returned, want %d", got, n)
			}
		})
	}
	reading.Wait()
	calls.Wait()
}

// A client that answers nothing is cut off when the context, or DrainTimeout, ends.
func TestSeed014ShutdownForces(t *testing.T) {
	for name, tt := range map[string]struct {
		drain, ctx time.Duration
		want       error
		after      time.Duration
	}{
		"context":       {time.Minute, 2 * time.Second, context.DeadlineExceeded, 2 * time.Second},
		"drain-timeout": {3 * time.Second, time.Minute, app.ErrDrainTimeout, 3 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ends := make(closes, 2)
				s, m := serveMemory(t, app.Config{DrainTimeout: tt.drain, Limits: conn.Config{CloseTimeout: time.Hour}},
					at(t, "/echo", acts{close: ends.note}))
				p := m.open(t, "/echo")
				ctx, cancel := context.WithTimeout(context.Background(), tt.ctx)
				defer cancel()
				start := time.Now()
				if err := s.Shutdown(ctx); !errors.Is(err, tt.want) {
					t.Errorf("Shutdown: %v, want %v", err, tt.want)
				}
				if got := time.Since(start); got != tt.after {
					t.Errorf("after %v, want %v", got, tt.after)
				}
				p.wantClose(conn.CodeGoingAway, "server shutting down")
				p.wantEnd()
				if len(ends) != 1 {
					t.Errorf("%d calls of OnClose", len(ends))
				}
			})
		})
	}
}

func TestSeed014ShutdownFromHook(t *testing.T) {
	s, url := serve(t, app.Config{}, at(t, "/stop", acts{text: func(c *app.Conn, _ []byte) error {
		go c.Server().Shutdown(context.Background())
		return nil
	}}))
	c := dial(t, url+"/stop")
	c.send("stop")
	c.wantEnd(conn.CodeGoingAway, "server shutting down")
	if err := s.Shutdown(context.Background()); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
}

// 400 clients connect in the same instant, to a server that has 600 already; all
// get their echo.
func TestSeed015ManyClients(t *testing.T) {
	const before, burst = 600, 400
	_, url := serve(t, app.Config{}, at(t, "/echo", echoes()))
	d := &conn.Dialer{Config: conn.Config{HandshakeTimeout: time.Minute}}
	clients := make([]*conn.Conn, before+burst)
	connect := func(from, to int) {
		var wg sync.WaitGroup
		start := make(chan struct{})
		for i := from; i < to; i++ {
			wg.Go(func() {
				<-start
				c, err := d.Dial(context.Background(), url+"/echo")
				if err != nil {
					t.Errorf("client %d: %v", i, err)
					return
				}
				clients[i] = c
			})
		}
		close(start)
		wg.Wait()
	}
	for i := 0; i < before; i += 50 {
		connect(i, i+50)
	}
	connect(before, before+burst)
	if t.Failed() {
		return
	}
	for i, c := range clients {
		if err := c.WriteText(context.Background(), fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	for i, c := range clients {
		if _, p, err := c.Read(context.Background()); err != nil || string(p) != fmt.Sprint(i) {
			t.Fatalf("client %d read %q, %v", i, p, err)
		}
		c.Abort()
	}
}

func TestSeed016PortInUse(t *testing.T) {
	first, _ := serve(t, app.Config{}, nil)
	addr := first.Addr().String()
	s, err := app.New(app.Config{Addr: addr, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // it may be tried again
		if err := s.ServeForever(); err == nil || !strings.Contains(err.Error(), addr) {
			t.Errorf("ServeForever: %v, want an error that names %s", err, addr)
		}
	}
	if s.Addr() != nil {
		t.Errorf("Addr() = %v", s.Addr())
	}
}

// While one handler doesn't return and others fail, the rest go on.
func TestSeed017HandlersApart(t *testing.T) {
	release := make(chan struct{})
	blocks := acts{text: func(c *app.Conn, text []byte) error {
		switch string(text) {
		case "block":
			<-release
		case "panic":
			panic("on purpose")
		case "fail":
			return errors.New("on purpose")
		}
		return c.SendTextBytes(text)
	}}
	_, url := serve(t, app.Config{}, at(t, "/x", blocks))
	blocked, other := dial(t, url+"/x"), dial(t, url+"/x")
	blocked.send("block")
	for i := range 50 {
		for _, way := range []string{"panic", "fail"} {
			bad := dial(t, url+"/x")
			bad.send(way)
			bad.wantEnd(conn.CodeInternalError, "internal error")
		}
		other.send(fmt.Sprint(i))
		other.want(fmt.Sprint(i))
	}
	close(release)
	blocked.want("block")
}

func TestSeed018Config(t *testing.T) {
	seen := make(chan conn.Config, 1)
	_, url := serve(t, app.Config{}, at(t, "/x", acts{open: func(c *app.Conn) error {
		seen <- c.Limits()
		return nil
	}}))
	dial(t, url+"/x")
	got := <-seen
	if got.MaxMessageSize != 2<<20 || got.ReadTimeout != 30*time.Minute || got.MaxHeaderSize != 4096 || got.CloseTimeout != 5*time.Second {
		t.Errorf("the defaults in force: %+v", got)
	}
}

// certified returns the configuration of a server with a certificate for 127.0.0.1,
// and of clients that trust it.
func certified(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	ts := httptest.NewUnstartedServer(http.NotFoundHandler())
	ts.StartTLS()
	ts.Close()
	trusting := ts.Client().Transport.(*http.Transport).TLSClientConfig
	return &tls.Config{Certificates: ts.TLS.Certificates}, trusting
}

func TestSeed019TLS(t *testing.T) {
	forServer, forClient := certified(t)
	secure := acts{open: func(c *app.Conn) error {
		if !c.Request().Secure() || c.Request().TLS() == nil {
			t.Error("the request isn't secure")
		}
		return c.SendText("secure")
	}, text: echoes().text}
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "page") })
	s, _ := serve(t, app.Config{TLS: forServer, HTTP: page}, at(t, "/echo", secure))
	c := dialWith(t, &conn.Dialer{TLS: forClient}, "wss://"+s.Addr().String()+"/echo")
	c.want("secure")
	c.send(strings.Repeat("x", 100_000))
	c.want(strings.Repeat("x", 100_000))

	web := &http.Client{Transport: &http.Transport{TLSClientConfig: forClient, DisableKeepAlives: true}}
	wantPage(t, web, "https://"+s.Addr().String()+"/", "page")
}

// wantPage gets a page.
func wantPage(t *testing.T, web *http.Client, url, want string) {
	t.Helper()
	resp, err := web.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || string(body) != want {
		t.Errorf("GET %s: %q, %v, want %q", url, body, err, want)
	}
}

func TestSeed019Mux(t *testing.T) {
	s, _ := serve(t, app.Config{}, at(t, "/ws/echo", echoes()))
	mux := http.NewServeMux()
	mux.Handle("/ws/", s)
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "fine") })
	ts := httptest.NewServer(mux)
	t.Cleanup(ts.Close)
	c := dial(t, "ws"+strings.TrimPrefix(ts.URL, "http")+"/ws/echo")
	c.send("through the mux")
	c.want("through the mux")
	wantPage(t, ts.Client(), ts.URL+"/healthz", "fine")
	if got, _ := status(t, new(conn.Dialer), "ws"+strings.TrimPrefix(ts.URL, "http")+"/ws/none"); got != http.StatusNotFound {
		t.Errorf("an unknown path below the mount: %d", got)
	}
	down := make(chan error, 1)
	go func() { down <- s.Shutdown(context.Background()) }()
	c.wantEnd(conn.CodeGoingAway, "server shutting down")
	if err := <-down; err != nil {
		t.Errorf("Shutdown: %v", err)
	}
}

func TestSeed019PageOnTheSamePort(t *testing.T) {
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "page "+r.URL.Path) })
	_, url := serve(t, app.Config{HTTP: page}, at(t, "/echo", echoes()))
	at := "http" + strings.TrimPrefix(url, "ws")
	web := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	wantPage(t, web, at+"/a", "page /a")
	wantPage(t, web, at+"/echo", "page /echo") // it asks for no WebSocket
	c := dial(t, url+"/echo")
	c.send("x")
	c.want("x")
}

func TestSeed019SeveralListeners(t *testing.T) {
	s, url := serve(t, app.Config{}, at(t, "/echo", echoes()))
	second, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(second) }()
	for _, u := range []string{url, "ws://" + second.Addr().String()} {
		c := dial(t, u+"/echo")
		c.send("x")
		c.want("x")
		c.Close(context.Background(), conn.CodeNormal, "")
	}
	s.Shutdown(context.Background())
	if err := <-served; !errors.Is(err, app.ErrServerClosed) {
		t.Errorf("Serve: %v", err)
	}
}

func TestSeed019Stats(t *testing.T) {
	s, url := serve(t, app.Config{}, at(t, "/echo", echoes()))
	c := dial(t, url+"/echo")
	c.send("12345")
	c.want("12345")
	gone := dial(t, url+"/echo")
	gone.send("12")
	gone.want("12")
	gone.Abort()
	status(t, new(conn.Dialer), url+"/none")
	eventually(t, "one connection is left", func() bool { return s.Stats().Conns == 1 })
	got, want := s.Stats(), app.Stats{
		Conns: 1, Accepted: 2, Refused: 1,
		Received: app.Traffic{Messages: 2, Bytes: 7}, Sent: app.Traffic{Messages: 2, Bytes: 7},
	}
	if got != want {
		t.Errorf("Stats() = %+v, want %+v", got, want)
	}
	if ids := slices.Collect(s.Conns()); len(ids) != 1 {
		t.Errorf("%d connections listed", len(ids))
	}
}

func TestSeed019AccessLog(t *testing.T) {
	log, lines := logger(slog.LevelInfo)
	_, url := serve(t, app.Config{Logger: log}, func(r *app.Router) {
		route(t, r, "/echo", func() any { return new(textOnly) }, app.AccessLog(log))
	})
	p := openFrames(t, url, "/echo")
	p.write(whole(conn.Text, "12345"))
	p.want(conn.Text, "12345")
	p.close(4000, "")
	want := `INFO - closed client=127\.0\.0\.1:\d+ path=/echo after=\S+ code=4000 remote=true received=1 bytes_received=5 sent=1 bytes_sent=5`
	eventually(t, want, func() bool { return matches(lines, want) })
}

func TestSeed019MaxConns(t *testing.T) {
	s, url := serve(t, app.Config{MaxConns: 2}, at(t, "/echo", echoes()))
	first := dial(t, url+"/echo")
	dial(t, url+"/echo")
	if got, _ := status(t, new(conn.Dialer), url+"/echo"); got != http.StatusServiceUnavailable {
		t.Errorf("a third connection: %d, want 503", got)
	}
	answer := raw(t, s.Addr().String(), opening(s.Addr().String(), "/echo"))
	if !strings.Contains(answer, "\r\nRetry-After: ") {
		t.Errorf("%q has no Retry-After", answer)
	}
	first.Abort()
	eventually(t, "a newcomer has the seat", func() bool {
		c, err := conn.Dial(context.Background(), url+"/echo")
		if err == nil {
			t.Cleanup(c.Abort)
		}
		return err == nil
	})
}

// A connection whose handshake was just answered when Shutdown comes is closed like
// the others, and its place is given back.
func TestSeed014ShutdownMeetsNewcomers(t *testing.T) {
	for range 50 {
		synctest.Test(t, func(t *testing.T) {
			ends := make(closes, 1)
			s, m := serveMemory(t, app.Config{Limits: conn.Config{CloseTimeout: time.Hour}}, at(t, "/x", acts{close: ends.note}))
			p := m.open(t, "/x")
			go func() {
				p.wantClose(conn.CodeGoingAway, "server shutting down")
				p.nc.Close()
			}()
			start := time.Now()
			if err := s.Shutdown(context.Background()); err != nil || time.Since(start) != 0 || len(ends) != 1 {
				t.Fatalf("Shutdown: %v after %v, with %d calls of OnClose", err, time.Since(start), len(ends))
			}
		})
	}
}
