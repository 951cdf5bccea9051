package console_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/app/console"
)

// reason is what the page learns.
type reason struct {
	Accepted bool
	Status   int
	Text     string
}

// why is the query for a connection.
func why(path, origin, protocols string) string {
	return "/?" + url.Values{"why": {path}, "origin": {origin}, "protocols": {protocols}}.Encode()
}

func TestWhy(t *testing.T) {
	const home = "http://example.com" // httptest's requests are for that host
	c := console.New(server(t, app.Config{}), console.Config{Allow: everybody})
	for _, tt := range []struct {
		name, path, origin, protocols, cookie string
		want                                  reason
	}{
		{"accepted", "/room/1", home, "", "", reason{Accepted: true}},
		{"accepted-with-query", "/room/1?token=x", home, "a, b", "", reason{Accepted: true}},
		{"no-page", "/room/1", "", "", "", reason{Accepted: true}},
		{"no-route", "/room/x", home, "", "", reason{Status: 404, Text: "No route matches this path."}},
		{"other-origin", "/room/1", "https://evil.example", "", "", reason{Status: 403, Text: "Pages of this origin may not connect here. The server's operator can allow it."}},
		{"bad-protocol", "/room/1", home, "a b", "", reason{Status: 400, Text: "Sec-WebSocket-Protocol must be a list of tokens."}},
		{"middleware", "/members", home, "", "", reason{Status: 401, Text: "Log in first."}},
		{"middleware-sees-cookies", "/members", home, "", "session=1", reason{Accepted: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := get(c, why(tt.path, tt.origin, tt.protocols), func(r *http.Request) {
				if tt.cookie != "" {
					r.Header.Set("Cookie", tt.cookie)
				}
			})
			var got reason
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
				t.Fatalf("%v: %s", err, w.Body)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestWhyOpensNothing asks and leaves no connection behind, nor the seat of one.
func TestWhyOpensNothing(t *testing.T) {
	srv := server(t, app.Config{MaxConns: 1})
	c := console.New(srv, console.Config{Allow: everybody})
	for range 3 {
		var got reason
		decode(t, c, why("/room/1", "", ""), &got)
		if !got.Accepted {
			t.Fatalf("refused: %+v", got)
		}
	}
	if s := srv.Stats(); s.Conns != 0 || s.Accepted != 0 {
		t.Errorf("%+v", s)
	}
	dial(t, run(t, srv)+"/room/1")
	var got reason
	decode(t, c, why("/room/1", "", ""), &got)
	if got.Status != http.StatusServiceUnavailable {
		t.Errorf("%+v of a full server, want 503", got)
	}
}

// TestWhyShuttingDown asks a server that goes.
func TestWhyShuttingDown(t *testing.T) {
	srv := server(t, app.Config{})
	if err := srv.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	var got reason
	decode(t, console.New(srv, console.Config{Allow: everybody}), why("/room/1", "", ""), &got)
	if got.Status != http.StatusServiceUnavailable || !strings.Contains(got.Text, "shutting down") {
		t.Errorf("%+v", got)
	}
}

// TestWhyLongText has a reason that is too long to be passed on whole.
func TestWhyLongText(t *testing.T) {
	srv := server(t, app.Config{})
	refuse := func(app.Acceptor) app.Acceptor {
		return func(*app.Request) (app.Handler, error) { return nil, app.Refuse(418, strings.Repeat("x", 10000)) }
	}
	if err := srv.Router().AddRoute("/tea", newRoomless, refuse); err != nil {
		t.Fatal(err)
	}
	var got reason
	decode(t, console.New(srv, console.Config{Allow: everybody}), why("/tea", "", ""), &got)
	if got.Status != 418 || len(got.Text) > 4096 {
		t.Errorf("status %d, %d bytes of text", got.Status, len(got.Text))
	}
}

// TestWhyOverTLS asks by way of the server's own listener, with TLS: the origin of the
// page is https, as the server's is.
func TestWhyOverTLS(t *testing.T) {
	lender := httptest.NewTLSServer(nil) // of a certificate
	defer lender.Close()
	mux := http.NewServeMux()
	srv := server(t, app.Config{HTTP: mux, TLS: &tls.Config{Certificates: lender.TLS.Certificates}})
	mux.Handle("/", console.New(srv, console.Config{}))
	root := "https" + strings.TrimPrefix(run(t, srv), "ws")
	resp, err := lender.Client().Get(root + why("/room/1", root, ""))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	defer lender.Client().CloseIdleConnections()
	var got reason
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil || !got.Accepted {
		t.Errorf("%+v, %v; want accepted", got, err)
	}
}
