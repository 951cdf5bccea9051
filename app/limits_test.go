package app_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/eventloop"
)

// refused dials a URL that is to be refused with a status, and checks Retry-After.
func refused(t *testing.T, d *conn.Dialer, url string, want int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	c, err := d.Dial(ctx, url)
	if err == nil {
		c.Abort()
		t.Fatalf("dial %s: accepted, want %d", url, want)
	}
	e, ok := errors.AsType[*conn.DialError](err)
	if !ok || e.Status != want || e.Response.Get("Retry-After") == "" {
		t.Errorf("dial %s: %v, want %d with Retry-After", url, err, want)
	}
}

func TestMaxConns(t *testing.T) {
	s, url := serve(t, app.Config{MaxConns: 2}, func(r *app.Router) { route(t, r, "/", newMember) })
	first := dial(t, url)
	dial(t, url)
	refused(t, new(conn.Dialer), url, http.StatusServiceUnavailable)
	if code, _ := status(t, new(conn.Dialer), url+"/none"); code != http.StatusNotFound {
		t.Errorf("a path without a route: %d", code) // costs no seat
	}
	first.Abort()
	eventually(t, "the seat is free", func() bool { return s.Stats().Conns == 1 })
	eventually(t, "a newcomer has it", func() bool {
		c, err := conn.Dial(context.Background(), url)
		if err == nil {
			t.Cleanup(c.Abort)
		}
		return err == nil
	})
	eventually(t, "both kinds are counted", func() bool {
		st := s.Stats()
		return st.Accepted == 3 && st.Refused >= 2
	})
}

// Seats of requests that become no connection are free again.
func TestMaxConnsRefused(t *testing.T) {
	deny := func(next app.Acceptor) app.Acceptor {
		return func(r *app.Request) (app.Handler, error) {
			switch r.Query().Get("how") {
			case "refuse":
				return nil, app.Refuse(http.StatusUnauthorized, "no")
			case "panic":
				panic("in middleware")
			case "header":
				r.AddHeader("Upgrade", "x")
			case "subprotocol":
				r.SelectSubprotocol("nobody offered it")
			case "nil":
				return nil, nil
			}
			return next(r)
		}
	}
	log, _ := logger(100)
	_, url := serve(t, app.Config{MaxConns: 1, MaxConnsPerIP: 1, Logger: log}, func(r *app.Router) { route(t, r, "/", newMember, deny) })
	for how, want := range map[string]int{
		"refuse": 401, "panic": 500, "header": 500, "subprotocol": 500, "nil": 500,
	} {
		eventually(t, how+" is refused for what it is", func() bool { // the seat of the one before may take a moment
			code, _ := status(t, new(conn.Dialer), url+"/?how="+how)
			return code == want
		})
	}
	eventually(t, "all seats are free", func() bool {
		c, err := conn.Dial(context.Background(), url)
		if err == nil {
			c.Abort()
		}
		return err == nil
	})
}

func TestMaxConnsPerIP(t *testing.T) {
	cfg := app.Config{MaxConnsPerIP: 1, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}
	_, url := serve(t, cfg, func(r *app.Router) { route(t, r, "/", newMember) })
	as := func(client string) *conn.Dialer {
		return &conn.Dialer{Header: http.Header{"X-Forwarded-For": {client}}}
	}
	first := dialWith(t, as("192.0.2.1"), url)
	refused(t, as("192.0.2.1"), url, http.StatusTooManyRequests)
	dialWith(t, as("192.0.2.2"), url)
	dialWith(t, as("2001:db8::1"), url)
	refused(t, as("2001:db8::2"), url, http.StatusTooManyRequests)
	first.Abort()
	eventually(t, "the client may connect again", func() bool {
		c, err := as("192.0.2.1").Dial(context.Background(), url)
		if err == nil {
			c.Abort()
		}
		return err == nil
	})
}

func TestRateLimit(t *testing.T) {
	add := func(t *testing.T, r *app.Router) {
		route(t, r, "/", newMember, app.RateLimit(3, time.Minute))
	}
	inBubble(t, app.Config{}, add, func(t *testing.T, s *app.Server, connect func(string) *client) {
		c := connect("/")
		for range 3 {
			c.do("topics", "")
		}
		time.Sleep(20 * time.Second) // a third of the window: one more
		c.do("topics", "")
		if err := c.Write(t.Context(), conn.Binary, []byte("x")); err != nil {
			t.Fatal(err)
		}
		c.wantEnd(conn.CodePolicyViolation, "请求过于频繁")
		again := connect("/") // the account is the client's
		again.send("topics")
		again.wantEnd(conn.CodePolicyViolation, "请求过于频繁")
	})
}

func TestConnectLimit(t *testing.T) {
	_, url := serve(t, app.Config{}, func(r *app.Router) { route(t, r, "/", newMember, app.ConnectLimit(2, time.Hour)) })
	dial(t, url)
	dial(t, url)
	refused(t, new(conn.Dialer), url, http.StatusTooManyRequests)
}

func TestConfigErrors(t *testing.T) {
	for field, cfg := range map[string]app.Config{
		"Addr":     {Addr: "nonsense"},
		"Addr ":    {Addr: "127.0.0.1:70000"},
		"Addr  ":   {Addr: "unix:"},
		"CertFile": {CertFile: "cert.pem"},
		"Proxy":    {ProxyProtocol: true},
		"Origins":  {Origins: app.Origins{Allow: []string{"http://"}}},
	} {
		_, err := app.New(cfg)
		e, ok := errors.AsType[*app.ConfigError](err)
		if !ok {
			t.Errorf("%s: %v, want a *ConfigError", field, err)
			continue
		}
		t.Log(fmt.Sprint(e))
	}
}

// An Acceptor that ends its goroutine, as a test's FailNow in it does, costs nobody
// anything.
func TestMaxConnsGoexit(t *testing.T) {
	ends := func(app.Acceptor) app.Acceptor {
		return func(*app.Request) (app.Handler, error) {
			runtime.Goexit()
			return nil, nil
		}
	}
	inline, err := eventloop.New(eventloop.Config{Inline: true, Loops: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(inline.Close)
	for name, engine := range map[string]*eventloop.Engine{"blocking": nil, "pooled": newEngine(t), "inline": inline} {
		t.Run(name, func(t *testing.T) {
			log, lines := logger(0)
			made := false
			s, url := serve(t, app.Config{Engine: engine, MaxConns: 1, Logger: log}, func(r *app.Router) {
				route(t, r, "/", newMember)
				route(t, r, "/middleware", newMember, ends)
				route(t, r, "/factory", func() any {
					if made { // not to look at the type
						runtime.Goexit()
					}
					made = true
					return newMember()
				})
			})
			for _, path := range []string{"/middleware", "/factory"} {
				if code, _ := status(t, new(conn.Dialer), url+path); code != http.StatusInternalServerError {
					t.Errorf("%s: answered with %d", path, code)
				}
			}
			wantLine(t, lines, "ended its goroutine")
			if st := s.Stats(); st.Refused != 2 {
				t.Errorf("Stats = %+v", st)
			}
			dial(t, url) // the seat is free, and Shutdown waits for nobody
		})
	}
}
