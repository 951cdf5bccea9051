package console_test

import (
	"net/http"
	"testing"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/app/console"
)

func TestLocalOnly(t *testing.T) {
	for _, tt := range []struct {
		name, peer, host, field string
		want                    bool
	}{
		{"ipv4", "127.0.0.1:50000", "127.0.0.1:8080", "", true},
		{"ipv4-no-port", "127.0.0.1:50000", "127.0.0.1", "", true},
		{"ipv4-other-loopback", "127.1.2.3:50000", "127.9.9.9:8080", "", true},
		{"ipv6", "[::1]:50000", "[::1]:8080", "", true},
		{"ipv6-no-port", "[::1]:50000", "[::1]", "", true},
		{"ipv4-in-ipv6", "[::ffff:127.0.0.1]:50000", "localhost", "", true},
		{"localhost", "127.0.0.1:50000", "localhost:8080", "", true},
		{"localhost-shouted", "127.0.0.1:50000", "LOCALHOST:8080", "", true},
		{"peer-elsewhere", "192.0.2.7:50000", "127.0.0.1:8080", "", false},
		{"peer-elsewhere-ipv6", "[2001:db8::1]:50000", "localhost", "", false},
		{"peer-on-a-unix-socket", "@", "localhost", "", false},
		{"no-peer", "", "localhost", "", false},
		{"rebound-name", "127.0.0.1:50000", "evil.example:8080", "", false},
		{"name-like-localhost", "127.0.0.1:50000", "localhost.evil.example", "", false},
		{"address-elsewhere", "127.0.0.1:50000", "192.0.2.7:8080", "", false},
		{"no-host", "127.0.0.1:50000", "", "", false},
		{"forwarded", "127.0.0.1:50000", "127.0.0.1:8080", "Forwarded", false},
		{"x-forwarded-for", "127.0.0.1:50000", "127.0.0.1:8080", "X-Forwarded-For", false},
		{"x-real-ip", "127.0.0.1:50000", "127.0.0.1:8080", "X-Real-IP", false},
		{"via", "127.0.0.1:50000", "127.0.0.1:8080", "Via", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := &http.Request{RemoteAddr: tt.peer, Host: tt.host, Header: http.Header{}}
			if tt.field != "" {
				r.Header.Set(tt.field, "")
			}
			if got := console.LocalOnly(r); got != tt.want {
				t.Errorf("LocalOnly of peer %s, host %s, field %q: %v, want %v", tt.peer, tt.host, tt.field, got, tt.want)
			}
		})
	}
}

// TestAllow asks for everything there is, as somebody who may and one who may not.
func TestAllow(t *testing.T) {
	srv := server(t, app.Config{})
	for _, target := range []string{"/", "/?live", "/?routes", "/?why=/room/1"} {
		secret := func(r *http.Request) bool { return r.Header.Get("Authorization") == "Bearer x" }
		c := console.New(srv, console.Config{Allow: secret})
		if w := get(c, target, nil); w.Code != http.StatusForbidden {
			t.Errorf("%s without the secret: status %d", target, w.Code)
		}
		if w := get(c, target, func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }); w.Code != http.StatusOK {
			t.Errorf("%s with the secret: status %d", target, w.Code)
		}
		if w := get(console.New(srv, console.Config{}), target, nil); w.Code != http.StatusForbidden {
			t.Errorf("%s by default from elsewhere: status %d", target, w.Code)
		}
	}
}
