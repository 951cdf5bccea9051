package handshake_test

import (
	"testing"

	"github.com/godwit-ws/godwit/handshake"
)

func TestValidHost(t *testing.T) {
	for _, tt := range []struct {
		name, host string
		want       bool
	}{
		{"name", "example.com", true},
		{"name-with-port", "example.com:8443", true},
		{"port-empty", "example.com:", true},
		{"percent-encoded", "ex%41mple", true},
		{"ipv4", "192.0.2.1:80", true},
		{"ipv6", "[2001:db8::1]", true},
		{"ipv6-with-port", "[2001:db8::1]:443", true},
		{"empty", "", false},
		{"port-alone", ":80", false},
		{"port-too-large", "a:65536", false},
		{"port-not-a-number", "a:b", false},
		{"ipv6-without-brackets", "2001:db8::1", false},
		{"ipv6-with-zone", "[fe80::1%eth0]", false},
		{"userinfo", "me@example.com", false},
		{"path", "example.com/", false},
		{"space", "a b", false},
		{"raw-utf8", "é", false},
		{"percent-alone", "a%", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := handshake.ValidHost(tt.host); got != tt.want {
				t.Errorf("ValidHost(%q) = %v, want %v", tt.host, got, tt.want)
			}
		})
	}
}
