package conn_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/godwit-ws/godwit/conn"
)

func TestDialURL(t *testing.T) {
	tests := []struct{ name, url, addr, host, target string }{
		{"plain", "ws://a.example/chat", "a.example:80", "a.example", "/chat"},
		{"http", "http://a.example/chat", "a.example:80", "a.example", "/chat"},
		{"no-path", "ws://a.example", "a.example:80", "a.example", "/"},
		{"query-only", "ws://a.example?x=1&y=%23", "a.example:80", "a.example", "/?x=1&y=%23"},
		{"escaped-path", "ws://a.example/a%2Fb%20c", "a.example:80", "a.example", "/a%2Fb%20c"},
		{"unicode-path", "ws://a.example/é f", "a.example:80", "a.example", "/%C3%A9%20f"},
		{"unicode-query", "ws://a.example/?名=é f&y=%20+", "a.example:80", "a.example", "/?%E5%90%8D=%C3%A9%20f&y=%20+"},
		{"two-slashes", "ws://a.example//x", "a.example:80", "a.example", "//x"},
		{"default-port", "ws://a.example:80/", "a.example:80", "a.example", "/"},
		{"empty-port", "ws://a.example:/", "a.example:80", "a.example", "/"},
		{"other-port", "ws://a.example:8080/", "a.example:8080", "a.example:8080", "/"},
		{"port-of-wss", "ws://a.example:443/", "a.example:443", "a.example:443", "/"},
		{"upper-case", "WS://A.Example/", "A.Example:80", "A.Example", "/"},
		{"ipv4", "ws://192.0.2.1/", "192.0.2.1:80", "192.0.2.1", "/"},
		{"ipv6", "ws://[2001:db8::1]/", "[2001:db8::1]:80", "[2001:db8::1]", "/"},
		{"ipv6-port", "ws://[2001:db8::1]:81/", "[2001:db8::1]:81", "[2001:db8::1]:81", "/"},
		{"ipv6-zone", "ws://[fe80::1%25eth0]/", "[fe80::1%eth0]:80", "[fe80::1]", "/"},
		{"wss", "wss://a.example/", "a.example:443", "a.example", "/"},
		{"https", "https://a.example/", "a.example:443", "a.example", "/"},
		{"wss-default-port", "wss://a.example:443/", "a.example:443", "a.example", "/"},
		{"wss-port-80", "wss://a.example:80/", "a.example:80", "a.example:80", "/"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := alone(switching(), tt.addr)
				d := w.dialer()
				d.TLS = clientTLS()
				if strings.Contains(tt.name, "wss") && !strings.HasPrefix(tt.url, "ws:") || tt.name == "https" {
					w.hosts[tt.addr] = secured(w.answers(switching()))
				}
				mustDial(t, d, tt.url)
				r := w.request(t, 0)
				if w.dialled[0] != tt.addr || r.Host != tt.host || r.RequestURI != tt.target {
					t.Errorf("dialled %s for Host %s, target %s; want %s, %s, %s", w.dialled[0], r.Host, r.RequestURI, tt.addr, tt.host, tt.target)
				}
			})
		})
	}
}

func TestDialRefusesURL(t *testing.T) {
	for name, raw := range map[string]string{
		"empty":             "",
		"no-scheme":         "a.example/chat",
		"ftp":               "ftp://a.example/",
		"opaque":            "ws:a.example",
		"no-host":           "ws:///chat",
		"port-only":         "ws://:80/",
		"fragment":          "ws://a.example/#x",
		"empty-fragment":    "ws://a.example/#",
		"fragment-password": "ws://u:hun#ter2@a.example/",
		"bad-port":          "ws://u:hunter2@a.example:http/",
		"bad-escape":        "ws://u:hunter2%zz@a.example/",
		"space-in-host":     "ws://u:hunter2@a example/",
		"newline":           "ws://a.example/\r\nX: y",
		"newline-escaped":   "ws://a.example%0d%0aX/",
		"bad-ipv6":          "ws://[::1",
		"zone-of-a-name":    "ws://[a%25eth0]/",
		"zone-bracket":      "ws://[fe80::1%25m]x]/",
		"zone-bytes":        "ws://[fe80::1%25\xff]/",
		"zone-empty":        "ws://[fe80::1%25]/",
	} {
		t.Run(name, func(t *testing.T) {
			w := alone(switching())
			_, err := w.dialer().Dial(t.Context(), raw)
			if !errors.Is(err, conn.ErrURL) || len(w.dialled) > 0 {
				t.Errorf("Dial(%q) = %v after dialling %q; want ErrURL", raw, err, w.dialled)
			}
			if text := fmt.Sprint(err); strings.Contains(text, "hun") || strings.Contains(text, "ter2") {
				t.Errorf("the error %q shows the password", text)
			}
		})
	}
}
