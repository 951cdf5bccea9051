package edge_test

import (
	"testing"

	"github.com/godwit-ws/godwit/handshake"
)

func TestResolveXForwarded(t *testing.T) {
	runResolve(t, []resolveCase{
		{"one", "", []string{"X-Forwarded-For: 192.0.2.1"}, client("192.0.2.1:0", handshake.HTTP, "")},
		{"name-in-any-case", "", []string{"x-FORWARDED-for: 192.0.2.1"}, client("192.0.2.1:0", handshake.HTTP, "")},
		{"all-three", "", []string{"X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https", "X-Forwarded-Host: a.example:8443"},
			client("192.0.2.1:0", handshake.HTTPS, "a.example:8443")},
		{"spoofed-at-the-left", "", []string{"X-Forwarded-For: 127.0.0.1, 10.0.0.9, 192.0.2.1"}, client("192.0.2.1:0", handshake.HTTP, "")},
		{"garbage-at-the-left", "", []string{"X-Forwarded-For: \"<x>, 192.0.2.1"}, client("192.0.2.1:0", handshake.HTTP, "")},
		{"two-proxies", "", []string{"X-Forwarded-For: 198.51.100.1, 192.0.2.1, 10.2.0.1"}, client("192.0.2.1:0", handshake.HTTP, "")},
		{"lines", "", []string{"X-Forwarded-For: 192.0.2.1", "Other: 10.0.0.4", "X-Forwarded-For: 10.0.0.3", "X-Forwarded-For: 10.0.0.2"}, client("192.0.2.1:0", handshake.HTTP, "")},
		{"all-trusted", "", []string{"X-Forwarded-For: 10.0.0.3, 10.0.0.2"}, client("10.0.0.3:0", handshake.HTTP, "")},
		{"empty-entries", "", []string{"X-Forwarded-For: , ,192.0.2.1,, ,"}, client("192.0.2.1:0", handshake.HTTP, "")},
		{"tabs", "", []string{"X-Forwarded-For: 192.0.2.9,\t192.0.2.1\t"}, client("192.0.2.1:0", handshake.HTTP, "")},
		{"proto-alone", "", []string{"X-Forwarded-Proto: https"}, client(usualProxy, handshake.HTTPS, "")},
		{"host-alone", "", []string{"X-Forwarded-Host: a.example"}, client(usualProxy, handshake.HTTP, "a.example")},
	})
}

// The client is the last hop believed, and so are its scheme and its host.
func TestResolveXForwardedUnreadable(t *testing.T) {
	said := []string{"X-Forwarded-Proto: https", "X-Forwarded-Host: a.example"}
	with := func(xFor string) []string { return append([]string{"X-Forwarded-For: " + xFor}, said...) }
	proxy := client(usualProxy, handshake.HTTP, "")
	behind := client("10.0.0.2:0", handshake.HTTPS, "a.example")
	hiding := client(usualProxy, handshake.HTTPS, "a.example")
	runResolve(t, []resolveCase{
		{"name", "", with("client.example"), proxy},
		{"out-of-range", "", with("192.0.2.256"), proxy},
		{"octal", "", with("192.0.2.01"), proxy},
		{"zone", "", with("fe80::1%eth0"), proxy},
		{"zone-in-brackets", "", with("[fe80::1%25eth0]:80"), proxy},
		{"port-out-of-range", "", with("192.0.2.1:65536"), proxy},
		{"port-not-a-number", "", with("192.0.2.1:a"), proxy},
		{"port-empty", "", with("192.0.2.1:"), proxy},
		{"port-signed", "", with("192.0.2.1:+80"), proxy},
		{"bracket-open", "", with("[2001:db8::1"), proxy},
		{"bracket-alone", "", with("["), proxy},
		{"bracket-empty", "", with("[]:80"), proxy},
		{"bracket-then-more", "", with("[2001:db8::1]80"), proxy},
		{"bracketed-ipv4", "", with("[192.0.2.1]:80"), proxy},
		{"quoted", "", with("\"192.0.2.1\""), proxy},
		{"semicolons", "", with("192.0.2.1; 198.51.100.1"), proxy},
		{"unknownish", "", with("unknowns"), proxy},
		{"behind-a-proxy", "", with("192.0.2.1, ?, 10.0.0.2"), behind},
		{"hidden", "", with("_secret"), hiding},
		{"unknown", "", with("unknown"), hiding},
		{"unknown-in-capitals", "", with("Unknown"), hiding},
		{"unknown-after-one-believed", "", with("192.0.2.1, unknown, 10.0.0.2"), behind},
	})
}

func TestResolveXForwardedAddresses(t *testing.T) {
	for _, tt := range []struct{ name, entry, want string }{
		{"ipv4-port", "192.0.2.1:4711", "192.0.2.1:4711"},
		{"ipv6", "2001:db8::1", "[2001:db8::1]:0"},
		{"ipv6-brackets", "[2001:db8::1]", "[2001:db8::1]:0"},
		{"ipv6-brackets-port", "[2001:db8::1]:4711", "[2001:db8::1]:4711"},
		{"mapped", "::ffff:192.0.2.1", "192.0.2.1:0"},
		{"mapped-brackets-port", "[::ffff:192.0.2.1]:4711", "192.0.2.1:4711"},
		{"port-hidden", "192.0.2.1:_p", "192.0.2.1:0"},
	} {
		runResolve(t, []resolveCase{{tt.name, "", []string{"X-Forwarded-For: " + tt.entry}, client(tt.want, handshake.HTTP, "")}})
	}
}

// The entry of the scheme is that of the address; a single one counts for all.
func TestResolveXForwardedProto(t *testing.T) {
	const client1 = "192.0.2.1:0"
	for _, tt := range []struct {
		name, xFor, proto string
		want              handshake.Scheme
	}{
		{"https", "192.0.2.1", "https", handshake.HTTPS},
		{"capitals", "192.0.2.1", "HTTPS", handshake.HTTPS},
		{"wss", "192.0.2.1", "wss", handshake.HTTPS},
		{"ws", "192.0.2.1", "ws", handshake.HTTP},
		{"unknown-scheme", "192.0.2.1", "gopher", handshake.HTTP},
		{"kelvin-and-long-s", "192.0.2.1", "http\u017f", handshake.HTTP},
		{"single-for-two-hops", "192.0.2.1, 10.0.0.2", "https", handshake.HTTPS},
		{"list", "192.0.2.1, 10.0.0.2", "https, http", handshake.HTTPS},
		{"list-inner-https", "192.0.2.1, 10.0.0.2", "http, https", handshake.HTTP},
		{"list-spoofed", "198.51.100.1, 192.0.2.1, 10.0.0.2", "http, https, http", handshake.HTTPS},
		{"list-longer-than-addresses", "192.0.2.1", "http, https", handshake.HTTPS},
		{"list-too-short", "192.0.2.1, 10.0.0.3, 10.0.0.2", "https, https", handshake.HTTP},
	} {
		runResolve(t, []resolveCase{{tt.name, "", []string{"X-Forwarded-For: " + tt.xFor, "X-Forwarded-Proto: " + tt.proto}, client(client1, tt.want, "")}})
	}
}

func TestResolveXForwardedHost(t *testing.T) {
	for _, tt := range []struct{ name, host, want string }{
		{"name", "a.example", "a.example"},
		{"list", "evil.example, a.example", "a.example"},
		{"ipv6", "[2001:db8::1]:8443", "[2001:db8::1]:8443"},
		{"path", "a.example/x", ""},
		{"userinfo", "a@b.example", ""},
		{"scheme", "https://a.example", ""},
		{"port-out-of-range", "a.example:99999", ""},
		{"last-invalid", "a.example, ?/", ""},
	} {
		runResolve(t, []resolveCase{{tt.name, "", []string{"X-Forwarded-For: 192.0.2.1", "X-Forwarded-Host: " + tt.host}, client("192.0.2.1:0", handshake.HTTP, tt.want)}})
	}
}
