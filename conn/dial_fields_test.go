package conn_test

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/handshake"
)

// What can't be sent is refused before anything is dialled.
func TestDialRefusesRequest(t *testing.T) {
	tests := []struct {
		name string
		url  string
		edit func(*conn.Dialer)
		want error
	}{
		{"value-with-crlf", "ws://a.example", func(d *conn.Dialer) { d.Header = http.Header{"X": {"a\r\nY: b"}} }, handshake.ErrHeaderField},
		{"name-with-crlf", "ws://a.example", func(d *conn.Dialer) { d.Header = http.Header{"X\r\nY": {"a"}} }, handshake.ErrHeaderField},
		{"host", "ws://a.example", func(d *conn.Dialer) { d.Header = http.Header{"Host": {"b"}} }, handshake.ErrHeaderField},
		{"own-key", "ws://a.example", func(d *conn.Dialer) { d.Header = http.Header{"Sec-Websocket-Key": {"b"}} }, handshake.ErrHeaderField},
		{"connection", "ws://a.example", func(d *conn.Dialer) { d.Header = http.Header{"connection": {"close"}} }, handshake.ErrHeaderField},
		{"subprotocol-no-token", "ws://a.example", func(d *conn.Dialer) { d.Subprotocols = []string{"a b"} }, handshake.ErrSubprotocol},
		{"subprotocol-twice", "ws://a.example", func(d *conn.Dialer) { d.Subprotocols = []string{"a", "a"} }, handshake.ErrSubprotocol},
		{"unicode-host", "ws://bücher.example/", nil, handshake.ErrHost},
		{"window", "ws://a.example", func(d *conn.Dialer) {
			d.Config.Compression = conn.Compression{Enabled: true, Params: handshake.DeflatePolicy{ServerMaxWindowBits: 16}}
		}, handshake.ErrExtension},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := alone(switching())
			d := w.dialer()
			if tt.edit != nil {
				tt.edit(d)
			}
			if _, err := d.Dial(t.Context(), tt.url); !errors.Is(err, tt.want) || len(w.dialled) > 0 {
				t.Errorf("Dial = %v after dialling %q; want %v", err, w.dialled, tt.want)
			}
		})
	}
}

func TestDialRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := alone(switching("Sec-WebSocket-Protocol: v1", "X-Server: yes"))
		d := w.dialer()
		d.Header = http.Header{"Origin": {"http://o.example"}, "X-Many": {"1", "2"}, "user-agent": {"test"}}
		d.Subprotocols = []string{"v2", "v1"}
		c := mustDial(t, d, "ws://a.example/")
		r := w.request(t, 0)
		h := r.Header
		key, err := base64.StdEncoding.DecodeString(h.Get("Sec-WebSocket-Key"))
		if err != nil || len(key) != 16 {
			t.Errorf("key %q", h.Get("Sec-WebSocket-Key"))
		}
		h.Del("Sec-WebSocket-Key")
		want := http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}, "Sec-Websocket-Version": {"13"},
			"Sec-Websocket-Protocol": {"v2, v1"}, "Origin": {"http://o.example"}, "X-Many": {"1", "2"}, "User-Agent": {"test"}}
		if diff := cmp.Diff(want, h); diff != "" || r.Method != "GET" || r.Proto != "HTTP/1.1" {
			t.Errorf("%s %s, header (-want +got):\n%s", r.Method, r.Proto, diff)
		}
		if c.Subprotocol() != "v1" || c.Response().Get("x-server") != "yes" || c.Request() != nil || c.Compressed() {
			t.Errorf("Subprotocol %q, Response %+v", c.Subprotocol(), c.Response())
		}
	})
}

func TestDialBasicAuth(t *testing.T) {
	tests := []struct {
		name, url, header, want string
	}{
		{"user-and-password", "ws://u:p@a.example/", "", "Basic dTpw"},
		{"escaped", "ws://u:p%40%3A@a.example/", "", "Basic " + base64.StdEncoding.EncodeToString([]byte("u:p@:"))},
		{"user-only", "ws://u@a.example/", "", "Basic dTo="},
		{"header-wins", "ws://u:p@a.example/", "Bearer x", "Bearer x"},
		{"none", "ws://a.example/", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := alone(switching())
			d := w.dialer()
			if tt.header != "" {
				d.Header = http.Header{"authorization": {tt.header}}
			}
			mustDial(t, d, tt.url)
			if got := w.request(t, 0).Header.Values("Authorization"); strings.Join(got, "|") != tt.want {
				t.Errorf("Authorization %q, want %q", got, tt.want)
			}
		})
	}
}

func TestDialCookies(t *testing.T) {
	jar, _ := cookiejar.New(nil)
	w := alone(switching("Set-Cookie: a=1; Path=/", "Set-Cookie: b=2; Secure"))
	w.hosts["a.example:81"] = w.answers("HTTP/1.1 403 Forbidden\r\nSet-Cookie: c=3\r\nContent-Length: 0\r\n\r\n")
	w.hosts["a.example:443"] = secured(w.answers(switching("Set-Cookie: d=4; Secure")))
	d := w.dialer()
	d.Jar, d.TLS = jar, clientTLS()
	mustDial(t, d, "ws://a.example/")
	mustDial(t, d, "ws://a.example/")
	if _, err := d.Dial(t.Context(), "ws://a.example:81/"); err == nil {
		t.Error("403 was accepted")
	}
	mustDial(t, d, "wss://a.example/")
	d2 := w.dialer()
	d2.Jar, d2.Header = jar, http.Header{"Cookie": {"own=0", "own=00"}}
	mustDial(t, d2, "ws://a.example/")
	for i, want := range []string{"", "a=1", "a=1", "a=1; b=2; c=3", "own=0; own=00; a=1; c=3"} {
		got := w.request(t, i).Header.Values("Cookie")
		if strings.Join(got, "|") != want {
			t.Errorf("request %d: Cookie %q, want %q", i, got, want)
		}
	}
	if got := jar.Cookies(&url.URL{Scheme: "https", Host: "a.example", Path: "/"}); !slices.ContainsFunc(got, func(c *http.Cookie) bool { return c.Name == "d" }) {
		t.Errorf("the jar has %v for https", got)
	}
}
