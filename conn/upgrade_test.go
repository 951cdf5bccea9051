package conn_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/internal/memconn"
	"github.com/godwit-ws/godwit/frame"
	"github.com/godwit-ws/godwit/handshake"
)

// memListener is a listener whose connections are in memory.
type memListener struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func (l *memListener) Accept() (net.Conn, error) {
	select {
	case nc := <-l.conns:
		return nc, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *memListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *memListener) Addr() net.Addr { return memconn.Addr("pipe:0") }

// dial connects to the listener.
func (l *memListener) dial(context.Context, string, string) (net.Conn, error) {
	a, b := memconn.Pipe()
	l.conns <- a
	return b, nil
}

// httpServer runs srv, over memory, until the test ends.
func httpServer(t testing.TB, srv *http.Server) *memListener {
	l := &memListener{conns: make(chan net.Conn), done: make(chan struct{})}
	srv.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	go srv.Serve(l)
	t.Cleanup(func() { srv.Close() })
	return l
}

// asked sends request to l, and returns the connection, past the answer.
func asked(t testing.TB, l *memListener, request string) (*peer, answer) {
	t.Helper()
	nc, _ := l.dial(t.Context(), "", "")
	t.Cleanup(func() { nc.Close() })
	go io.WriteString(nc, request)
	r := bufio.NewReader(nc)
	got := readAnswer(t, r)
	return &peer{t, readThrough{nc, r}}, got
}

// readThrough is a connection that is read by way of a buffer.
type readThrough struct {
	net.Conn
	r *bufio.Reader
}

func (c readThrough) Read(p []byte) (int, error) { return c.r.Read(p) }

// upgrading is an http.Handler that upgrades and passes on what came of it.
func upgrading(u *conn.Upgrader) (http.Handler, <-chan accepted) {
	done := make(chan accepted, 1)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := u.Upgrade(w, r)
		done <- accepted{c, err}
	}), done
}

func TestUpgradeRefuses(t *testing.T) {
	for _, tt := range refusals {
		if tt.netHTTP != 0 {
			continue
		}
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				u := tt.upgrader
				if u == nil {
					u = new(conn.Upgrader)
				}
				h, done := upgrading(u)
				p, got := asked(t, httpServer(t, &http.Server{Handler: h}), tt.request)
				wantRefusal(t, got, tt.status, tt.header)
				if strings.Contains(fmt.Sprint(got), "hunter2") {
					t.Errorf("the peer was told %+v", got)
				}
				if _, err := p.nc.Read(make([]byte, 1)); err != io.EOF {
					t.Errorf("after Connection: close: %v, want io.EOF", err)
				}
				if got := <-done; got.c != nil || tt.err != nil && !errors.Is(got.err, tt.err) || handshake.Status(got.err) != tt.status {
					t.Errorf("Upgrade = %v, %v; want %v, status %d", got.c, got.err, tt.err, tt.status)
				}
			})
		})
	}
}

// What net/http refuses by itself never gets as far as here.
func TestUpgradeBesideNetHTTP(t *testing.T) {
	for _, tt := range refusals {
		if tt.netHTTP <= 0 {
			continue
		}
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, _ := upgrading(new(conn.Upgrader))
				if _, got := asked(t, httpServer(t, &http.Server{Handler: h}), tt.request); got.Status != tt.netHTTP {
					t.Errorf("answered with %d, want %d", got.Status, tt.netHTTP)
				}
			})
		})
	}
}

func TestUpgradeKeepsWhatFollows(t *testing.T) {
	for _, size := range []int{0, 5, 3000, 100_000} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, done := upgrading(new(conn.Upgrader))
				want := strings.Repeat("x", size)
				_, got := asked(t, httpServer(t, &http.Server{Handler: h}), opening()+string(whole(frame.Text, want))+string(whole(frame.Text, "next")))
				if got.Status != 101 || got.Header.Get("Sec-WebSocket-Accept") != openingKey {
					t.Fatalf("answered with %+v", got)
				}
				c := (<-done).c
				defer c.Abort()
				for _, want := range []string{want, "next"} {
					if _, p, err := c.Read(t.Context()); string(p) != want || err != nil {
						t.Errorf("Read = %.20q, %v; want %.20q", p, err, want)
					}
				}
			})
		})
	}
}

// The server's own timeouts end with the request.
func TestUpgradeLeavesTimeoutsBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, done := upgrading(new(conn.Upgrader))
		srv := &http.Server{Handler: h, ReadTimeout: time.Second, WriteTimeout: time.Second, IdleTimeout: time.Second}
		p, _ := asked(t, httpServer(t, srv), opening())
		c := (<-done).c
		defer c.Abort()
		time.Sleep(time.Minute)
		p.send(whole(frame.Text, "late"))
		if _, got, err := c.Read(t.Context()); string(got) != "late" || err != nil {
			t.Errorf("Read = %q, %v", got, err)
		}
		if err := c.WriteText(t.Context(), "later"); err != nil {
			t.Error(err)
		}
		p.want(frame.Text, "later")
	})
}

func TestUpgradeSendsFieldsSetBefore(t *testing.T) {
	set := func(h http.Header) {
		h.Add("Set-Cookie", "session=1")
		h.Add("Set-Cookie", "theme=dark")
		h.Set("X-Trace", "abc")
		h.Set("Connection", "keep-alive")
		h.Set("Content-Length", "7")
		h.Set("Content-Type", "text/html")
		h["Sec-WebSocket-Accept"] = []string{"forged"}
		h["X-Evil"] = []string{"a\r\nX-Injected: b"}
		h[http.TrailerPrefix+"T"] = []string{"a"}
	}
	for name, tt := range map[string]struct {
		request string
		status  int
	}{"accepted": {opening(), 101}, "refused": {opening("-Upgrade"), 426}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, done := upgrading(new(conn.Upgrader))
				_, got := asked(t, httpServer(t, &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					set(w.Header())
					h.ServeHTTP(w, r)
				})}), tt.request)
				if got.Status != tt.status || got.Header.Get("X-Trace") != "abc" || got.Header.Get("X-Injected") != "" {
					t.Errorf("answered with %+v", got)
				}
				if diff := cmp.Diff([]string{"session=1", "theme=dark"}, got.Header.Values("Set-Cookie")); diff != "" {
					t.Errorf("Set-Cookie (-want +got):\n%s", diff)
				}
				if tt.status != 101 {
					wantRefusal(t, got, tt.status, http.Header{"Content-Type": {"text/plain; charset=utf-8"}})
				} else if accept := got.Header.Values("Sec-WebSocket-Accept"); len(accept) != 1 || accept[0] != openingKey {
					t.Errorf("Sec-WebSocket-Accept: %q", accept)
				}
				if got := <-done; got.c != nil {
					got.c.Abort()
				}
			})
		})
	}
}

func TestUpgradeGivesCheckTheRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen *handshake.Request
		u := &conn.Upgrader{Check: func(r *handshake.Request) ([]handshake.Field, error) {
			seen = r
			return []handshake.Field{{Name: "X-By", Value: "check"}}, nil
		}}
		h, done := upgrading(u)
		_, got := asked(t, httpServer(t, &http.Server{Handler: h}), opening("Cookie: a=b"))
		c := (<-done).c
		defer c.Abort()
		if seen.Method != "GET" || seen.Host() != "h" || seen.Path() != "/chat" || seen.RawQuery() != "room=1" || seen.Get("Cookie") != "a=b" {
			t.Errorf("Check got %+v", seen)
		}
		if got.Header.Get("X-By") != "check" || c.Request() != seen {
			t.Errorf("answered with %+v", got)
		}
	})
}

// opened is an opening request as a test of an http.Handler makes it.
func opened() *http.Request {
	r := httptest.NewRequest("GET", "http://h/chat", nil)
	for name, value := range map[string]string{"Upgrade": "websocket", "Connection": "Upgrade",
		"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": "13"} {
		r.Header.Set(name, value)
	}
	return r
}

func TestUpgradeWithoutHijack(t *testing.T) {
	check := func(t *testing.T, w *httptest.ResponseRecorder, err error) {
		t.Helper()
		if !errors.Is(err, conn.ErrHijack) || !errors.Is(err, http.ErrNotSupported) || handshake.Status(err) != 500 {
			t.Errorf("Upgrade: %v", err)
		}
		if w.Code != 500 || strings.Contains(strings.ToLower(w.Body.String()), "hijack") {
			t.Errorf("answered %d %q", w.Code, w.Body)
		}
	}
	t.Run("recorder", func(t *testing.T) {
		w := httptest.NewRecorder()
		_, err := conn.Upgrade(w, opened())
		check(t, w, err)
	})
	t.Run("timeout-handler", func(t *testing.T) { // its writer hides the Hijacker
		h, done := upgrading(new(conn.Upgrader))
		w := httptest.NewRecorder()
		http.TimeoutHandler(h, time.Minute, "").ServeHTTP(w, opened())
		check(t, w, (<-done).err)
	})
	t.Run("refused-first", func(t *testing.T) {
		w, r := httptest.NewRecorder(), opened()
		r.Header.Del("Sec-WebSocket-Key")
		if _, err := conn.Upgrade(w, r); !errors.Is(err, handshake.ErrKey) || w.Code != 400 {
			t.Errorf("Upgrade: %v, answered %d", err, w.Code)
		}
	})
}

// wrapped is a middleware's ResponseWriter, of the kind that net/http can see
// through.
type wrapped struct{ http.ResponseWriter }

func (w wrapped) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func TestUpgradeThroughMiddleware(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, done := upgrading(new(conn.Upgrader))
		_, got := asked(t, httpServer(t, &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h.ServeHTTP(wrapped{w}, r)
		})}), opening())
		if c := (<-done).c; c == nil || got.Status != 101 {
			t.Errorf("answered with %+v", got)
		} else {
			c.Abort()
		}
	})
}

func TestUpgradeLocalFiles(t *testing.T) {
	for addr, status := range map[string]int{"127.0.0.1:5": 500, "[::1]:5": 500, "192.0.2.1:5": 403, "": 403, "@": 403} {
		w, r := httptest.NewRecorder(), opened()
		r.RemoteAddr = addr
		r.Header.Set("Origin", "null")
		u := &conn.Upgrader{Origins: handshake.Origins{LocalFiles: true}}
		if u.Upgrade(w, r); w.Code != status { // 500: the origin would do, a recorder won't
			t.Errorf("from %q: %d, want %d", addr, w.Code, status)
		}
	}
}

// HTTP/2 can't be upgraded: the client is told, and its connection, which may
// carry other requests, stays.
func TestUpgradeHTTP2(t *testing.T) {
	h, done := upgrading(new(conn.Upgrader))
	srv := httptest.NewUnstartedServer(h)
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()
	var reused bool
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) { reused = info.Reused },
	})
	for i := range 2 {
		req, err := http.NewRequestWithContext(ctx, "GET", srv.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Sec-WebSocket-Version", "13")
		resp, err := srv.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.ProtoMajor != 2 || resp.StatusCode != 400 || !strings.Contains(string(body), "HTTP/1.1") {
			t.Errorf("%s %d %q, %v", resp.Proto, resp.StatusCode, body, err)
		}
		if got := <-done; !errors.Is(got.err, handshake.ErrHTTPVersion) {
			t.Errorf("Upgrade: %v", got.err)
		}
		if reused != (i > 0) {
			t.Errorf("request %d: connection reused %t", i, reused)
		}
	}
}

func TestUpgradeMisconfigured(t *testing.T) {
	u := &conn.Upgrader{Subprotocols: []string{"hunter 2"}}
	w := httptest.NewRecorder()
	if _, err := u.Upgrade(w, opened()); handshake.Status(err) != 500 || w.Code != 500 || strings.Contains(w.Body.String(), "hunter") {
		t.Errorf("Upgrade: %v, answered %d %q", err, w.Code, w.Body)
	}
}

// A client that is gone when it is to be answered.
func TestUpgradeLostConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		done := make(chan error, 1)
		l := httpServer(t, &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			<-r.Context().Done() // net/http has noticed
			_, err := conn.Upgrade(w, r)
			done <- err
		})})
		nc, _ := l.dial(t.Context(), "", "")
		io.WriteString(nc, opening())
		synctest.Wait()
		nc.(*memconn.Conn).Abort()
		if err := <-done; !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("Upgrade: %v", err)
		}
	})
}

// A request that a test has made by hand says less than one of net/http's.
func TestUpgradeHandmadeRequest(t *testing.T) {
	var seen *handshake.Request
	u := &conn.Upgrader{Check: func(r *handshake.Request) ([]handshake.Field, error) {
		seen = r
		return nil, nil
	}}
	r := opened()
	r.RequestURI = ""
	u.Upgrade(httptest.NewRecorder(), r)
	if seen == nil || seen.Path() != "/chat" {
		t.Errorf("Check got %+v", seen)
	}
	r = opened()
	r.ContentLength = 4
	if _, err := conn.Upgrade(httptest.NewRecorder(), r); !errors.Is(err, handshake.ErrBody) {
		t.Errorf("Upgrade: %v", err)
	}
}

// Whoever asks for the address gets that of the connection.
func TestUpgradeRemoteAddr(t *testing.T) {
	h, done := upgrading(new(conn.Upgrader))
	srv := httptest.NewServer(h)
	defer srv.Close()
	c, err := conn.Dial(t.Context(), srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Abort()
	s := (<-done).c
	defer s.Abort()
	if _, err := netip.ParseAddrPort(s.RemoteAddr().String()); err != nil || s.RemoteAddr().String() != c.LocalAddr().String() {
		t.Errorf("RemoteAddr %v, the client's %v", s.RemoteAddr(), c.LocalAddr())
	}
}
