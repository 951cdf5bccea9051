package edge_test

import (
	"testing"

	"github.com/godwit-ws/godwit/handshake"
)

func TestResolveForwarded(t *testing.T) {
	full := client("192.0.2.1:0", handshake.HTTPS, "a.example")
	plain := client("192.0.2.1:0", handshake.HTTP, "")
	runResolve(t, []resolveCase{
		{"for", "", []string{"Forwarded: for=192.0.2.1"}, plain},
		{"all", "", []string{"Forwarded: for=192.0.2.1;proto=https;by=10.0.0.1;host=a.example"}, full},
		{"any-order", "", []string{"Forwarded: host=a.example;by=_x;proto=https;for=192.0.2.1"}, full},
		{"names-in-any-case", "", []string{"FORWARDED: For=192.0.2.1;PROTO=https;hOST=a.example"}, full},
		{"quoted", "", []string{`Forwarded: for="192.0.2.1";proto="https";host="a.example"`}, full},
		{"spaces-around-semicolons", "", []string{"Forwarded: for=192.0.2.1 ; proto=https;\thost=\"a.example\" ;"}, full},
		{"empty-pairs", "", []string{"Forwarded: ;;for=192.0.2.1;;proto=https;host=a.example;"}, full},
		{"extension", "", []string{`Forwarded: secret="a,b;c=d";for=192.0.2.1;proto=https;host=a.example`}, full},
		{"spoofed-at-the-left", "", []string{"Forwarded: for=127.0.0.1;proto=http;host=evil.example, for=192.0.2.1;proto=https;host=a.example"}, full},
		{"two-proxies", "", []string{"Forwarded: for=198.51.100.1, for=192.0.2.1;proto=https;host=a.example, for=10.0.0.2;proto=http;host=inner.example"}, full},
		{"lines", "", []string{"Forwarded: for=198.51.100.1", "Forwarded: for=192.0.2.1;proto=https;host=a.example", "Forwarded: for=10.0.0.2"}, full},
		{"all-trusted", "", []string{"Forwarded: for=10.0.0.3;proto=https, for=10.0.0.2"}, client("10.0.0.3:0", handshake.HTTPS, "")},
		{"open-quote-at-the-left", "", []string{`Forwarded: for=", for=192.0.2.1;proto=https;host="a.example"`}, full},
		{"odd-quotes-at-the-left", "", []string{`Forwarded: for="""", for=192.0.2.1`}, plain},
		{"comma-in-quotes", "", []string{`Forwarded: for=192.0.2.1;x="a, for=198.51.100.1"`}, plain},
		{"outer-says-nothing", "", []string{"Forwarded: for=192.0.2.1, for=10.0.0.2;proto=https;host=inner.example"}, plain},
		{"host-invalid", "", []string{"Forwarded: for=192.0.2.1;host=\"a/b\""}, plain},
		{"proto-invalid", "", []string{"Forwarded: for=192.0.2.1;proto=ftp"}, plain},
	})
}

func TestResolveForwardedAddresses(t *testing.T) {
	for _, tt := range []struct{ name, node, want string }{
		{"ipv4-port", `"192.0.2.1:4711"`, "192.0.2.1:4711"},
		{"ipv4-port-unquoted", `192.0.2.1:4711`, "192.0.2.1:4711"},
		{"ipv4-port-hidden", `"192.0.2.1:_port"`, "192.0.2.1:0"},
		{"ipv6", `"[2001:db8::1]"`, "[2001:db8::1]:0"},
		{"ipv6-port", `"[2001:db8::1]:4711"`, "[2001:db8::1]:4711"},
		{"ipv6-port-hidden", `"[2001:db8::1]:_p"`, "[2001:db8::1]:0"},
		{"ipv6-unquoted", `[2001:db8::1]`, "[2001:db8::1]:0"},
		{"ipv6-without-brackets", `"2001:db8::1"`, "[2001:db8::1]:0"},
		{"mapped", `"[::ffff:192.0.2.1]"`, "192.0.2.1:0"},
	} {
		runResolve(t, []resolveCase{{tt.name, "", []string{"Forwarded: for=" + tt.node}, client(tt.want, handshake.HTTP, "")}})
	}
}

// An entry that hides the address says scheme and host all the same; of one that can't be read
// nothing counts.
func TestResolveForwardedUnreadable(t *testing.T) {
	proxy := client(usualProxy, handshake.HTTP, "")
	hiding := client(usualProxy, handshake.HTTPS, "a.example")
	behind := client("10.0.0.2:0", handshake.HTTPS, "inner.example")
	for _, tt := range []resolveCase{
		{name: "hidden", lines: []string{"for=_SEVKISEK;proto=https;host=a.example"}, want: hiding},
		{name: "unknown", lines: []string{"for=unknown;proto=https;host=a.example"}, want: hiding},
		{name: "unknown-port", lines: []string{`for="unknown:80";proto=https;host=a.example`}, want: hiding},
		{name: "for-missing", lines: []string{"proto=https;host=a.example"}, want: hiding},
		{name: "hidden-with-more-at-the-left", lines: []string{"for=192.0.2.1, for=_x;proto=https;host=a.example"}, want: hiding},
		{name: "hidden-behind-a-proxy", lines: []string{"for=_x;proto=https, for=10.0.0.2;proto=http"}, want: client("10.0.0.2:0", handshake.HTTPS, "")},
		{name: "address", lines: []string{"for=192.0.2.256;proto=https;host=a.example"}, want: proxy},
		{name: "zone", lines: []string{`for="[fe80::1%eth0]";proto=https`}, want: proxy},
		{name: "no-equals", lines: []string{"192.0.2.1"}, want: proxy},
		{name: "no-name", lines: []string{"=192.0.2.1"}, want: proxy},
		{name: "no-value", lines: []string{"for=;proto=https"}, want: proxy},
		{name: "empty-quotes", lines: []string{`for="";proto=https`}, want: proxy},
		{name: "space-before-equals", lines: []string{"for =192.0.2.1"}, want: proxy},
		{name: "space-after-equals", lines: []string{"for= 192.0.2.1"}, want: proxy},
		{name: "twice", lines: []string{"for=192.0.2.1;for=198.51.100.1"}, want: proxy},
		{name: "proto-twice", lines: []string{"for=192.0.2.1;proto=http;proto=https"}, want: proxy},
		{name: "quote-open", lines: []string{`for="192.0.2.1`}, want: proxy},
		{name: "quote-in-the-middle", lines: []string{`for=192"".0.2.1`}, want: proxy},
		{name: "text-after-quote", lines: []string{`for="192.0.2.1"x`}, want: proxy},
		{name: "quoted-pair", lines: []string{`for="192.0.2\.1"`}, want: proxy},
		{name: "quoted-pair-of-a-quote", lines: []string{`for="192.0.2.1\",for=198.51.100.1"`}, want: proxy},
		{name: "quoted-pair-elsewhere", lines: []string{`for=192.0.2.1;x="\""`}, want: proxy},
		{name: "behind-a-proxy", lines: []string{"for=192.0.2.1, ?, for=10.0.0.2;proto=https;host=inner.example"}, want: behind},
	} {
		tt.lines[0] = "Forwarded: " + tt.lines[0]
		runResolve(t, []resolveCase{tt})
	}
}
