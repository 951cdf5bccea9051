package console_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/app/console"
	"github.com/godwit-ws/godwit/conn"
)

// limit is how long a test waits for what should come at once.
const limit = 10 * time.Second

// everybody allows all requests: httptest's come from elsewhere.
func everybody(*http.Request) bool { return true }

// room is a handler whose connections are members of a topic called as in the path,
// and which sends everything back.
type room struct {
	ID string `path:"id"`
}

func (r *room) OnOpen(c *app.Conn) error               { return c.Join(r.ID) }
func (*room) OnMessage(c *app.Conn, text []byte) error { return c.SendTextBytes(text) }
func newRoom() any                                     { return new(room) }
func protect(next app.Acceptor) app.Acceptor {
	return func(r *app.Request) (app.Handler, error) {
		if _, ok := r.Cookie("session"); !ok {
			return nil, app.Refuse(http.StatusUnauthorized, "Log in first.")
		}
		return next(r)
	}
}

// server returns a server with two routes, /room/{int:id} for all and /members for
// those with a cookie, that logs nothing.
func server(t *testing.T, c app.Config) *app.Server {
	t.Helper()
	c.Addr, c.Logger = "127.0.0.1:0", slog.New(slog.DiscardHandler)
	srv, err := app.New(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := srv.Router().AddRoute("/room/{int:id}", newRoom); err != nil {
		t.Fatal(err)
	}
	if err := srv.Router().AddRoute("/members", func() any { return new(app.Application) }, protect); err != nil {
		t.Fatal(err)
	}
	return srv
}

// run serves until the test ends, and returns the URL of the server's root.
func run(t *testing.T, srv *app.Server) string {
	t.Helper()
	if err := srv.Listen(); err != nil {
		t.Fatal(err)
	}
	ran := make(chan error, 1)
	go func() { ran <- srv.ServeForever() }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		if err := srv.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		if err := <-ran; err != nil {
			t.Errorf("ServeForever: %v", err)
		}
	})
	return "ws://" + srv.Addr().String()
}

func dial(t *testing.T, url string) *conn.Conn {
	t.Helper()
	c, err := conn.Dial(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Abort)
	return c
}

// get asks h for a target. Changes of the request are made by change, if there is one.
func get(h http.Handler, target string, change func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", target, nil)
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// decode gets a target and decodes the JSON that comes.
func decode(t *testing.T, h http.Handler, target string, v any) {
	t.Helper()
	w := get(h, target, nil)
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/json" {
		t.Fatalf("%s: status %d, header %v\n%s", target, w.Code, w.Header(), w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), v); err != nil {
		t.Fatalf("%s: %v\n%s", target, err, w.Body)
	}
}

func TestConsoleAnswers(t *testing.T) {
	c := console.New(server(t, app.Config{}), console.Config{Allow: everybody})
	for _, tt := range []struct {
		name, method, target, site string
		status                     int
		kind, body                 string
	}{
		{"page", "GET", "/", "", 200, "text/html; charset=utf-8", "<!doctype html>"},
		{"page-anywhere", "GET", "/debug/ws", "", 200, "text/html; charset=utf-8", "<!doctype html>"},
		{"page-from-a-link", "GET", "/?utm=x", "", 200, "text/html; charset=utf-8", "<!doctype html>"},
		{"page-from-a-link-elsewhere", "GET", "/", "cross-site", 200, "text/html; charset=utf-8", "<!doctype html>"},
		{"head", "HEAD", "/", "", 200, "text/html; charset=utf-8", ""},
		{"live", "GET", "/?live", "same-origin", 200, "application/json", `"conns":[]`},
		{"live-by-hand", "GET", "/?live", "none", 200, "application/json", `"topics":[]`},
		{"live-elsewhere", "GET", "/?live", "cross-site", 403, "text/plain; charset=utf-8", "own page"},
		{"live-beside", "GET", "/?live", "same-site", 403, "text/plain; charset=utf-8", "own page"},
		{"routes", "GET", "/?routes", "same-origin", 200, "application/json", `"pattern":"/room/{int:id}"`},
		{"why", "GET", "/?why=/nowhere", "same-origin", 200, "application/json", `"status":404`},
		{"why-elsewhere", "GET", "/?why=/nowhere", "cross-site", 403, "text/plain; charset=utf-8", "own page"},
		{"why-nothing", "GET", "/?why=", "", 400, "text/plain; charset=utf-8", "begins with a slash"},
		{"why-no-path", "GET", "/?why=room", "", 400, "text/plain; charset=utf-8", "begins with a slash"},
		{"why-a-url", "GET", "/?why=http://example.com/", "", 400, "text/plain; charset=utf-8", "begins with a slash"},
		{"why-a-host", "GET", "/?why=//example.com/", "", 200, "application/json", `"status":404`},
		{"post", "POST", "/", "", 405, "text/plain; charset=utf-8", "only GET"},
		{"post-live", "POST", "/?live", "", 405, "text/plain; charset=utf-8", "only GET"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := get(c, tt.target, func(r *http.Request) {
				r.Method = tt.method
				r.Header.Set("Sec-Fetch-Site", tt.site)
			})
			if w.Code != tt.status || w.Header().Get("Content-Type") != tt.kind || !strings.Contains(w.Body.String(), tt.body) {
				t.Errorf("status %d, type %q, want %d, %q and %q in\n%.300s", w.Code, w.Header().Get("Content-Type"), tt.status, tt.kind, tt.body, w.Body)
			}
			for name, want := range map[string]string{
				"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Cross-Origin-Resource-Policy": "same-origin",
			} {
				if got := w.Header().Get(name); got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
		})
	}
}

// TestConsoleMounted puts the console beside other pages of a server, in the lines
// that the package's documentation has.
func TestConsoleMounted(t *testing.T) {
	mux := http.NewServeMux()
	srv := server(t, app.Config{HTTP: mux})
	mux.Handle("/console", console.New(srv, console.Config{}))
	root := "http" + strings.TrimPrefix(run(t, srv), "ws")
	for path, want := range map[string]int{"/console": 200, "/console?live": 200, "/console/": 404, "/": 404} {
		resp, err := http.Get(root + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: status %d, want %d", path, resp.StatusCode, want)
		}
	}
}
