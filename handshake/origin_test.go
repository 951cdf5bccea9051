package handshake_test

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"

	"github.com/godwit-ws/godwit/handshake"
)

// noPeer is the address of a peer that has none, as over an in-memory pipe.
var noPeer netip.Addr

func TestOrigins(t *testing.T) {
	const http, https = handshake.HTTP, handshake.HTTPS
	allow := func(patterns ...string) handshake.Origins { return handshake.Origins{Allow: patterns} }
	local := handshake.Origins{LocalFiles: true}
	loopback4, loopback6 := netip.MustParseAddr("127.0.0.9"), netip.MustParseAddr("::1")
	mapped, remote := netip.MustParseAddr("::ffff:127.0.0.1"), netip.MustParseAddr("192.0.2.1")
	tests := []struct {
		name    string
		origins handshake.Origins
		scheme  handshake.Scheme
		host    string
		origin  string
		peer    netip.Addr
		ok      bool
	}{
		{"same", handshake.Origins{}, http, "a.example", "http://a.example", noPeer, true},
		{"same-over-tls", handshake.Origins{}, https, "a.example", "https://a.example", noPeer, true},
		{"same-in-other-case", handshake.Origins{}, http, "A.Example", "HTTP://a.eXAMPLE", noPeer, true},
		{"same-port", handshake.Origins{}, http, "a.example:8080", "http://a.example:8080", noPeer, true},
		{"default-port-in-host", handshake.Origins{}, http, "a.example:80", "http://a.example", noPeer, true},
		{"default-port-in-origin", handshake.Origins{}, https, "a.example", "https://a.example:443", noPeer, true},
		{"ipv6", handshake.Origins{}, http, "[::1]:8080", "http://[::1]:8080", noPeer, true},
		{"other-host", handshake.Origins{}, http, "a.example", "http://b.example", noPeer, false},
		{"subdomain", handshake.Origins{}, http, "a.example", "http://x.a.example", noPeer, false},
		{"suffix", handshake.Origins{}, http, "a.example", "http://evila.example", noPeer, false},
		{"prefix", handshake.Origins{}, http, "a.example", "http://a.example.evil", noPeer, false},
		{"other-port", handshake.Origins{}, http, "a.example:8080", "http://a.example:8081", noPeer, false},
		{"no-port-for-8080", handshake.Origins{}, http, "a.example:8080", "http://a.example", noPeer, false},
		{"http-page-to-tls", handshake.Origins{}, https, "a.example", "http://a.example", noPeer, false},
		{"https-page-to-plain", handshake.Origins{}, http, "a.example", "https://a.example", noPeer, false},
		{"other-schemes-default-port", handshake.Origins{}, http, "a.example:443", "https://a.example", noPeer, false},
		{"ws-scheme", handshake.Origins{}, http, "a.example", "ws://a.example", noPeer, false},
		{"empty", handshake.Origins{}, http, "a.example", "", noPeer, false},
		{"null", handshake.Origins{}, http, "a.example", "null", loopback4, false},
		{"null-for-host-null", handshake.Origins{}, http, "null", "null", loopback4, false},
		{"file", handshake.Origins{}, http, "a.example", "file://", loopback4, false},
		{"host-only", handshake.Origins{}, http, "a.example", "a.example", noPeer, false},
		{"with-slash", handshake.Origins{}, http, "a.example", "http://a.example/", noPeer, false},
		{"with-userinfo", handshake.Origins{}, http, "a.example", "http://u@a.example", noPeer, false},
		{"two-in-one", handshake.Origins{}, http, "a.example", "http://a.example http://evil.example", noPeer, false},
		{"long-s", handshake.Origins{}, http, "s.example", "http://\u017f.example", noPeer, false},

		{"any", handshake.Origins{AllowAny: true}, http, "a.example", "https://evil.example:1", noPeer, true},
		{"any-null", handshake.Origins{AllowAny: true}, http, "a.example", "null", remote, true},
		{"any-malformed", handshake.Origins{AllowAny: true}, http, "a.example", "::", noPeer, true},

		{"local-null-4", local, http, "a.example", "null", loopback4, true},
		{"local-null-6", local, http, "a.example", "null", loopback6, true},
		{"local-null-mapped", local, http, "a.example", "null", mapped, true},
		{"local-file", local, http, "a.example", "file://", loopback4, true},
		{"local-null-remote", local, http, "a.example", "null", remote, false},
		{"local-null-no-peer", local, http, "a.example", "null", noPeer, false},
		{"local-file-with-path", local, http, "a.example", "file:///home/x.html", loopback4, false},
		{"local-other-origin", local, http, "a.example", "http://evil.example", loopback4, false},
		{"local-same-origin", local, http, "a.example", "http://a.example", remote, true},

		{"listed", allow("https://b.example"), http, "a.example", "https://b.example", noPeer, true},
		{"listed-in-other-case", allow("HTTPS://B.example"), http, "a.example", "https://b.EXAMPLE", noPeer, true},
		{"listed-second", allow("https://x.example", "https://b.example"), http, "a.example", "https://b.example", noPeer, true},
		{"same-origin-beside-list", allow("https://b.example"), http, "a.example", "http://a.example", noPeer, true},
		{"listed-other-scheme", allow("https://b.example"), http, "a.example", "http://b.example", noPeer, false},
		{"listed-other-port", allow("https://b.example"), http, "a.example", "https://b.example:444", noPeer, false},
		{"listed-default-port", allow("https://b.example:443"), http, "a.example", "https://b.example", noPeer, true},
		{"listed-any-port", allow("http://b.example:*"), http, "a.example", "http://b.example:5173", noPeer, true},
		{"listed-any-port-default", allow("http://b.example:*"), http, "a.example", "http://b.example", noPeer, true},
		{"any-scheme-http", allow("b.example"), http, "a.example", "http://b.example", noPeer, true},
		{"any-scheme-https", allow("b.example"), http, "a.example", "https://b.example", noPeer, true},
		{"any-scheme-other-port", allow("b.example"), http, "a.example", "http://b.example:81", noPeer, false},
		{"any-scheme-port", allow("b.example:8080"), http, "a.example", "https://b.example:8080", noPeer, true},
		{"subdomains", allow("https://*.b.example"), http, "a.example", "https://x.b.example", noPeer, true},
		{"subdomains-deep", allow("https://*.b.example"), http, "a.example", "https://x.y.b.EXAMPLE", noPeer, true},
		{"subdomains-not-apex", allow("https://*.b.example"), http, "a.example", "https://b.example", noPeer, false},
		{"subdomains-not-empty-label", allow("https://*.b.example"), http, "a.example", "https://.b.example", noPeer, false},
		{"subdomains-not-suffix", allow("https://*.b.example"), http, "a.example", "https://evilb.example", noPeer, false},
		{"subdomains-not-prefix", allow("https://*.b.example"), http, "a.example", "https://x.b.example.evil", noPeer, false},
		{"subdomains-port", allow("*.b.example:8080"), http, "a.example", "https://x.b.example:8080", noPeer, true},
		{"subdomains-other-port", allow("*.b.example:8080"), http, "a.example", "https://x.b.example", noPeer, false},
		{"subdomains-any-port", allow("*.b.example:*"), http, "a.example", "http://x.b.example:1", noPeer, true},
		{"any-host", allow("https://*"), http, "a.example", "https://x.example", noPeer, true},
		{"any-host-other-scheme", allow("https://*"), http, "a.example", "http://x.example", noPeer, false},
		{"any-host-other-port", allow("https://*"), http, "a.example", "https://x.example:8443", noPeer, false},
		{"any-host-port", allow("https://*:8443"), http, "a.example", "https://x.example:8443", noPeer, true},
		{"any-host-any-port", allow("https://*:*"), http, "a.example", "https://x.example:8443", noPeer, true},
		{"any-host-not-null", allow("https://*:*"), http, "a.example", "null", loopback4, false},
		{"extension-page", allow("chrome-extension://abcdef"), http, "a.example", "chrome-extension://abcdef", noPeer, true},
		{"extension-page-other", allow("chrome-extension://abcdef"), http, "a.example", "chrome-extension://abcdeg", noPeer, false},
		{"ipv6-listed", allow("http://[::1]:3000"), http, "a.example", "http://[::1]:3000", noPeer, true},
		{"malformed-matches-nothing", allow("", "*", "null", "https://x.*.example", "b.example/"), http, "a.example", "https://x.y.example", noPeer, false},
		{"malformed-does-not-stop", allow("b c", "https://b.example"), http, "a.example", "https://b.example", noPeer, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			policy := handshake.Policy{Origins: tt.origins}
			_, err := check(&policy, request("Host: "+tt.host, "Origin: "+tt.origin), tt.scheme, tt.peer)
			if tt.ok != (err == nil) || err != nil && !errors.Is(err, handshake.ErrOrigin) {
				t.Errorf("origin %q at %v://%s from %v: %v, want ok %v", tt.origin, tt.scheme, tt.host, tt.peer, err, tt.ok)
			}
		})
	}
}

func TestOriginTwiceEvenIfAnyIsAllowed(t *testing.T) {
	policy := handshake.Policy{Origins: handshake.Origins{AllowAny: true}}
	_, err := check(&policy, request("+Origin: http://a.example", "+Origin: http://b.example"), handshake.HTTP, noPeer)
	if !errors.Is(err, handshake.ErrDuplicate) {
		t.Errorf("two origins: %v, want ErrDuplicate", err)
	}
}

func TestOriginsValidate(t *testing.T) {
	good := []string{"a", "a.example", "*.a.example", "a.example:80", "a.example:*", "*.a.example:*", "http://a", "https://*", "https://*:1",
		"https://*:*", "http://*.a", "http://[::1]", "http://[::1]:*", "app://x.y", "127.0.0.1:3000"}
	for _, s := range good {
		if err := (&handshake.Origins{Allow: []string{"ok.example", s}}).Validate(); err != nil {
			t.Errorf("pattern %q: %v", s, err)
		}
	}
	bad := []string{"", "*", "*:80", "*:*", "null", "file://", "http://", "://a", "1http://a", "ht tp://a", "http://a/", "http://a/b", "a/b", "u@a", "a b",
		"*a.example", "a.*", "a.*.example", "**.a", "*.*.a", "*.", "*.:80", "http://*.", "http://*a", "http://*.[::1]", "a:b", "a:65536", "a:1:*", "a:*:*",
		"https://*:x", "https://*:1:*", "https://**", "[::1", "exämple"}
	for _, s := range bad {
		if err := (&handshake.Origins{Allow: []string{"ok.example", s}}).Validate(); err == nil {
			t.Errorf("pattern %q passes", s)
		}
	}
}

func TestSchemeString(t *testing.T) {
	if a, b := handshake.HTTP.String(), handshake.HTTPS.String(); a != "http" || b != "https" {
		t.Errorf("schemes are %q and %q", a, b)
	}
}

func ExampleOrigins_Validate() {
	origins := handshake.Origins{Allow: []string{"https://*.example.com", "https://exam*.com"}}
	fmt.Println(origins.Validate())
	// Output:
	// handshake: origin pattern "https://exam*.com": want [scheme://]host[:port], with * as the first label or as the port only
}
