package conn_test

import (
	"errors"
	"testing"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/handshake"
)

func TestAcceptOrigins(t *testing.T) {
	tests := []struct {
		name    string
		origins handshake.Origins
		origin  string
		status  int
	}{
		{"same", handshake.Origins{}, "http://h", 101},
		{"same-in-capitals", handshake.Origins{}, "HTTP://H:80", 101},
		{"other-port", handshake.Origins{}, "http://h:81", 403},
		{"null", handshake.Origins{}, "null", 403},
		{"listed", handshake.Origins{Allow: []string{"*.example.com"}}, "https://www.example.com", 101},
		{"not-listed", handshake.Origins{Allow: []string{"*.example.com"}}, "https://example.com.evil", 403},
		{"any", handshake.Origins{AllowAny: true}, "http://evil", 101},
		{"local-file-from-nowhere", handshake.Origins{LocalFiles: true}, "null", 403}, // memory has no loopback address
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u, request := &conn.Upgrader{Origins: tt.origins}, opening("Origin: "+tt.origin)
			if tt.status == 101 {
				acceptRaw(t, u, request)
				return
			}
			got, err := refusedRaw(t, u, request)
			wantRefusal(t, got, tt.status, nil)
			if !errors.Is(err, handshake.ErrOrigin) {
				t.Errorf("Accept: %v", err)
			}
		})
	}
}

func TestAcceptSubprotocols(t *testing.T) {
	last := func(offered []string) string { return offered[len(offered)-1] }
	tests := []struct {
		name     string
		upgrader *conn.Upgrader
		offered  string
		want     string
	}{
		{"server-prefers", &conn.Upgrader{Subprotocols: []string{"v2", "v1"}}, "v1, v2", "v2"},
		{"only-common", &conn.Upgrader{Subprotocols: []string{"v2", "v1"}}, "v0,v1", "v1"},
		{"none-common", &conn.Upgrader{Subprotocols: []string{"v2"}}, "v1", ""},
		{"case-matters", &conn.Upgrader{Subprotocols: []string{"V1"}}, "v1", ""},
		{"chosen", &conn.Upgrader{SelectSubprotocol: last}, "a, b, c", "c"},
		{"chosen-none", &conn.Upgrader{SelectSubprotocol: func([]string) string { return "" }}, "a", ""},
		{"not-set-up", &conn.Upgrader{}, "a", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, _, got := acceptRaw(t, tt.upgrader, opening("Sec-WebSocket-Protocol: "+tt.offered))
			if c.Subprotocol() != tt.want || got.Header.Get("Sec-WebSocket-Protocol") != tt.want {
				t.Errorf("Subprotocol %q, answered %q; want %q", c.Subprotocol(), got.Header.Get("Sec-WebSocket-Protocol"), tt.want)
			}
		})
	}
}

func TestAcceptCheckAddsFields(t *testing.T) {
	u := &conn.Upgrader{Check: func(r *handshake.Request) ([]handshake.Field, error) {
		return []handshake.Field{{Name: "Set-Cookie", Value: "room=" + r.RawQuery()}, {Name: "Set-Cookie", Value: "b=c"}}, nil
	}}
	_, _, got := acceptRaw(t, u, opening())
	if cookies := got.Header.Values("Set-Cookie"); len(cookies) != 2 || cookies[0] != "room=room=1" {
		t.Errorf("Set-Cookie: %q", cookies)
	}
}

func TestAcceptCompression(t *testing.T) {
	on := conn.Config{Compression: conn.Compression{Enabled: true}}
	tests := []struct {
		name, offers, want string
		cfg                conn.Config
	}{
		{"plain-offer", "permessage-deflate", "permessage-deflate", on},
		{"fallback", "permessage-deflate; server_max_window_bits=99, permessage-deflate; server_no_context_takeover",
			"permessage-deflate; server_no_context_takeover", on},
		{"unknown-only", "x-webkit-deflate-frame", "", on},
		{"not-offered", "", "", on},
		{"off", "permessage-deflate", "", conn.Config{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, _, got := acceptRaw(t, &conn.Upgrader{Config: tt.cfg}, opening("Sec-WebSocket-Extensions: "+tt.offers))
			if h := got.Header.Get("Sec-WebSocket-Extensions"); h != tt.want || c.Compressed() != (tt.want != "") {
				t.Errorf("answered %q, Compressed %t; want %q", h, c.Compressed(), tt.want)
			}
		})
	}
}

// A mistake in the Upgrader's own fields is found at its first use, and the
// connection isn't left open.
func TestAcceptMisconfigured(t *testing.T) {
	for name, u := range map[string]*conn.Upgrader{
		"origin":      {Origins: handshake.Origins{Allow: []string{"http://"}}},
		"subprotocol": {Subprotocols: []string{"a b"}},
		"window": {Config: conn.Config{Compression: conn.Compression{
			Enabled: true, Params: handshake.DeflatePolicy{ServerMaxWindowBits: 7}}}},
	} {
		t.Run(name, func(t *testing.T) {
			for range 2 {
				b, done := accepting(t.Context(), t, u)
				if got := <-done; got.err == nil || handshake.Status(got.err) != 500 {
					t.Errorf("Accept: %v", got.err)
				}
				readAll(b)
			}
		})
	}
}
