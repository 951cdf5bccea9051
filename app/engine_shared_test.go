package app_test

import (
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/eventloop"
)

// Two servers may share an engine: what one sends, and its end, are its own.
func TestEngineOfTwoServers(t *testing.T) {
	onEach(t, func(t *testing.T, e *eventloop.Engine) {
		first, toFirst := serve(t, app.Config{Engine: e}, at(t, "/", echoes()))
		_, toSecond := serve(t, app.Config{Engine: e}, at(t, "/", echoes()))
		a, b := dial(t, toFirst), dial(t, toSecond)
		a.send("a")
		a.want("a")
		if n, err := first.Everyone().Text("all"); n != 1 || err != nil {
			t.Errorf("reached %d, %v", n, err)
		}
		a.want("all")
		shut := make(chan error, 1)
		go func() { shut <- first.Shutdown(t.Context()) }()
		a.wantEnd(conn.CodeGoingAway, "server shutting down")
		if err := <-shut; err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		b.send("b")
		b.want("b")
		dial(t, toSecond)
	})
}

// A server with an engine may be mounted in net/http, which may speak TLS.
func TestMountOnEngines(t *testing.T) {
	for name, start := range map[string]func(*httptest.Server){"ws": (*httptest.Server).Start, "wss": (*httptest.Server).StartTLS} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(t *testing.T, e *eventloop.Engine) {
				s, err := app.New(app.Config{Engine: e})
				if err != nil {
					t.Fatal(err)
				}
				at(t, "/echo", echoes())(s.Router())
				web := httptest.NewUnstartedServer(s)
				start(web)
				defer web.Close()
				d := &conn.Dialer{TLS: web.Client().Transport.(*http.Transport).TLSClientConfig}
				c := dialWith(t, d, strings.Replace(web.URL, "http", "ws", 1)+"/echo")
				c.send("x")
				c.want("x")
				shut := make(chan error, 1)
				go func() { shut <- s.Shutdown(t.Context()) }()
				c.wantEnd(conn.CodeGoingAway, "server shutting down")
				if err := <-shut; err != nil {
					t.Errorf("Shutdown: %v", err)
				}
			})
		})
	}
}

// A factory that ends its goroutine, or panics, costs its request and nothing else.
func TestFactoryEndsGoroutine(t *testing.T) {
	onEach(t, func(t *testing.T, e *eventloop.Engine) {
		asked := 0
		s, url := serve(t, app.Config{Engine: e}, func(r *app.Router) {
			route(t, r, "/", func() any {
				switch asked++; asked { // the first is AddRoute's
				case 2, 3:
					runtime.Goexit()
				case 4:
					panic("as asked")
				}
				return new(repeats)
			})
		})
		for range 3 {
			if code, _ := status(t, new(conn.Dialer), url); code != http.StatusInternalServerError {
				t.Errorf("status %d, want 500", code)
			}
		}
		c := dial(t, url)
		c.send("x")
		c.want("x")
		if st := s.Stats(); st.Refused != 3 || st.Conns != 1 {
			t.Errorf("Stats = %+v", st)
		}
	})
}
