package handshake_test

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/handshake"
)

// opening is a request that the zero Policy accepts, as lines.
var opening = []string{
	"GET /chat HTTP/1.1",
	"Host: example.com",
	"Upgrade: websocket",
	"Connection: Upgrade",
	"Sec-WebSocket-Key: " + sampleKey,
	"Sec-WebSocket-Version: 13",
}

// request writes opening with changes: a line whose name opening has replaces that one, "-Name" takes
// it out, "+Name: value" and other names are added, and a line without a colon replaces the first.
func request(changes ...string) string {
	lines := slices.Clone(opening)
	for _, change := range changes {
		name, _, isField := strings.Cut(strings.TrimPrefix(change, "-"), ":")
		at := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, name+":") })
		switch {
		case strings.HasPrefix(change, "-"):
			lines = slices.Delete(lines, at, at+1)
		case strings.HasPrefix(change, "+"):
			lines = append(lines, change[1:])
		case strings.Contains(change, " HTTP/") || !isField:
			lines[0] = change
		case at >= 0:
			lines[at] = change
		default:
			lines = append(lines, change)
		}
	}
	return strings.Join(lines, "\r\n") + "\r\n\r\n"
}

// check takes raw through the whole of the server's side, as a connection would.
func check(p *handshake.Policy, raw string, s handshake.Scheme, peer netip.Addr) (handshake.Accepted, error) {
	const maxHeader = 4096
	n, err := handshake.HeaderEnd([]byte(raw), 0, maxHeader)
	if err != nil {
		return handshake.Accepted{}, err
	}
	var r handshake.Request
	if err := r.Parse(raw[:n]); err != nil {
		return handshake.Accepted{}, err
	}
	return p.Check(&r, s, peer)
}

func TestCheckAccepts(t *testing.T) {
	tests := []struct{ name, raw string }{
		{"as-in-the-rfc", request()},
		{"query", request("GET /chat?a=b HTTP/1.1")},
		{"raw-utf8-target", request("GET /聊天 HTTP/1.1")},
		{"http-1.2", request("GET / HTTP/1.2")},
		{"absolute-target", request("GET http://example.com/chat HTTP/1.1")},
		{"absolute-target-in-other-case", request("GET WS://EXAMPLE.com HTTP/1.1")},
		{"names-in-lower-case", strings.NewReplacer("Host", "host", "Upgrade:", "upgrade:", "Connection:", "connection:", "Sec-WebSocket", "sec-websocket").Replace(request())},
		{"names-in-upper-case", strings.NewReplacer("Host", "HOST", "Sec-WebSocket-Key", "SEC-WEBSOCKET-KEY").Replace(request())},
		{"upgrade-in-other-case", request("Upgrade: WebSocket")},
		{"upgrade-list", request("Upgrade: h2c, websocket")},
		{"upgrade-list-without-spaces", request("Upgrade: websocket,foo")},
		{"upgrade-on-two-lines", request("Upgrade: h2c", "+Upgrade: websocket")},
		{"upgrade-on-first-of-two-lines", request("+Upgrade: h2c")},
		{"upgrade-among-empty-elements", request("Upgrade: ,, websocket ,")},
		{"connection-list", request("Connection: keep-alive, Upgrade")},
		{"connection-list-without-spaces", request("Connection: keep-alive,Upgrade")},
		{"connection-list-with-tabs", request("Connection:\tkeep-alive\t,\tupgrade\t")},
		{"connection-on-two-lines", request("Connection: keep-alive", "+Connection: UPGRADE")},
		{"connection-on-first-of-two-lines", request("+Connection: keep-alive")},
		{"host-with-port", request("Host: example.com:8080")},
		{"host-with-empty-port", request("Host: example.com:")},
		{"host-ipv4", request("Host: 127.0.0.1:80")},
		{"host-ipv6", request("Host: [::1]")},
		{"host-ipv6-with-port", request("Host: [2001:db8::1]:65535")},
		{"host-escaped", request("Host: ex%41mple.com")},
		{"key-with-spaces-around", request("Sec-WebSocket-Key: \t" + sampleKey + " ")},
		{"key-all-zero", request("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==")},
		{"key-all-ones", request("Sec-WebSocket-Key: /////////////////////w==")},
		{"draft-origin-ignored", request("Sec-WebSocket-Origin: http://evil.example")},
		{"unknown-field", request("constructor: __proto__")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := check(&handshake.Policy{}, tt.raw, handshake.HTTP, netip.Addr{})
			if err != nil {
				t.Fatalf("%q: %v", tt.raw, err)
			}
			if got.Compressed || got.Subprotocol != "" {
				t.Errorf("%q agreed on %+v, want nothing", tt.raw, got)
			}
		})
	}
}

// Each refusal as a peer sees it: what it sent, the status and the lines it gets.
func TestCheckRefuses(t *testing.T) {
	upgradeRequired := []string{"Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"}
	tests := []struct {
		name   string
		raw    string
		err    error
		status string
		lines  []string // besides those that every refusal has
	}{
		{"post", request("POST / HTTP/1.1"), handshake.ErrMethod, "405 Method Not Allowed", []string{"Allow: GET"}},
		{"head", request("HEAD / HTTP/1.1"), handshake.ErrMethod, "405 Method Not Allowed", []string{"Allow: GET"}},
		{"lower-case-get", request("get / HTTP/1.1"), handshake.ErrMethod, "405 Method Not Allowed", []string{"Allow: GET"}},
		{"options-asterisk", request("OPTIONS * HTTP/1.1"), handshake.ErrMethod, "405 Method Not Allowed", []string{"Allow: GET"}},
		{"post-before-body", request("POST / HTTP/1.1", "Content-Length: 5"), handshake.ErrMethod, "405 Method Not Allowed", []string{"Allow: GET"}},

		{"http-1.0", request("GET / HTTP/1.0"), handshake.ErrHTTPVersion, "400 Bad Request", nil},
		{"http-2-preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", handshake.ErrSyntax, "400 Bad Request", nil},
		{"http-0.9", "GET /\r\n\r\n", handshake.ErrSyntax, "400 Bad Request", nil},
		{"tls-on-a-plain-port", "\x16\x03\x01\x00\xf4", handshake.ErrSyntax, "400 Bad Request", nil},

		{"bare-lf", strings.ReplaceAll(request(), "\r\n", "\n"), handshake.ErrSyntax, "400 Bad Request", nil},
		{"bare-lf-once", strings.Replace(request(), "com\r\n", "com\n", 1), handshake.ErrSyntax, "400 Bad Request", nil},
		{"bare-cr", request("X: a\rUpgrade: websocket"), handshake.ErrSyntax, "400 Bad Request", nil},
		{"nul", request("X: a\x00b"), handshake.ErrSyntax, "400 Bad Request", nil},
		{"obs-fold", request("X: a\r\n b"), handshake.ErrSyntax, "400 Bad Request", nil},
		{"space-before-colon", request("Host : example.com"), handshake.ErrSyntax, "400 Bad Request", nil},
		{"empty-name", request("+: a"), handshake.ErrSyntax, "400 Bad Request", nil},
		{"fragment", request("GET /#a HTTP/1.1"), handshake.ErrSyntax, "400 Bad Request", nil},

		{"target-asterisk", request("GET * HTTP/1.1"), handshake.ErrTarget, "400 Bad Request", nil},
		{"target-authority", request("GET example.com:80 HTTP/1.1"), handshake.ErrTarget, "400 Bad Request", nil},
		{"target-other-scheme", request("GET ftp://example.com/ HTTP/1.1"), handshake.ErrTarget, "400 Bad Request", nil},
		{"target-no-scheme", request("GET ://example.com/ HTTP/1.1"), handshake.ErrTarget, "400 Bad Request", nil},
		{"target-of-another-host", request("GET http://evil.example/ HTTP/1.1"), handshake.ErrTarget, "400 Bad Request", nil},
		{"target-with-userinfo", request("GET http://u@example.com/ HTTP/1.1"), handshake.ErrTarget, "400 Bad Request", nil},

		{"content-length", request("Content-Length: 5"), handshake.ErrBody, "400 Bad Request", nil},
		{"content-length-zero", request("content-length: 0"), handshake.ErrBody, "400 Bad Request", nil},
		{"transfer-encoding", request("Transfer-Encoding: chunked"), handshake.ErrBody, "400 Bad Request", nil},
		{"host-twice", request("+Host: example.com"), handshake.ErrDuplicate, "400 Bad Request", nil},
		{"host-twice-in-other-case", request("+HOST: evil.example"), handshake.ErrDuplicate, "400 Bad Request", nil},
		{"key-twice", request("+Sec-WebSocket-Key: " + sampleKey), handshake.ErrDuplicate, "400 Bad Request", nil},
		{"version-twice", request("+Sec-WebSocket-Version: 13"), handshake.ErrDuplicate, "400 Bad Request", nil},
		{"origin-twice", request("+Origin: http://example.com", "+Origin: http://example.com"), handshake.ErrDuplicate, "400 Bad Request", nil},

		{"plain-get", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", handshake.ErrUpgrade, "426 Upgrade Required", upgradeRequired},
		{"no-fields-at-all", "GET / HTTP/1.1\r\n\r\n", handshake.ErrUpgrade, "426 Upgrade Required", upgradeRequired},
		{"no-upgrade", request("-Upgrade"), handshake.ErrUpgrade, "426 Upgrade Required", upgradeRequired},
		{"empty-upgrade", request("Upgrade:"), handshake.ErrUpgrade, "426 Upgrade Required", upgradeRequired},
		{"upgrade-h2c", request("Upgrade: h2c"), handshake.ErrUpgrade, "426 Upgrade Required", upgradeRequired},
		{"upgrade-with-version", request("Upgrade: websocket/13"), handshake.ErrUpgrade, "426 Upgrade Required", upgradeRequired},
		{"upgrade-only-begins-so", request("Upgrade: websockets"), handshake.ErrUpgrade, "426 Upgrade Required", upgradeRequired},
		{"upgrade-with-kelvin-sign", request("Upgrade: websoc\u212aet"), handshake.ErrUpgrade, "426 Upgrade Required", upgradeRequired},
		{"no-connection", request("-Connection"), handshake.ErrUpgrade, "426 Upgrade Required", upgradeRequired},
		{"connection-close", request("Connection: close"), handshake.ErrUpgrade, "426 Upgrade Required", upgradeRequired},
		{"connection-with-space-for-comma", request("Connection: keep-alive Upgrade"), handshake.ErrUpgrade, "426 Upgrade Required", upgradeRequired},

		{"no-version", request("-Sec-WebSocket-Version"), handshake.ErrVersion, "426 Upgrade Required", upgradeRequired},
		{"version-8", request("Sec-WebSocket-Version: 8"), handshake.ErrVersion, "426 Upgrade Required", upgradeRequired},
		{"version-12", request("Sec-WebSocket-Version: 12"), handshake.ErrVersion, "426 Upgrade Required", upgradeRequired},
		{"version-013", request("Sec-WebSocket-Version: 013"), handshake.ErrVersion, "426 Upgrade Required", upgradeRequired},
		{"version-list", request("Sec-WebSocket-Version: 13, 8"), handshake.ErrVersion, "426 Upgrade Required", upgradeRequired},
		{"version-before-key", request("Sec-WebSocket-Version: 14", "-Sec-WebSocket-Key"), handshake.ErrVersion, "426 Upgrade Required", upgradeRequired},

		{"no-key", request("-Sec-WebSocket-Key"), handshake.ErrKey, "400 Bad Request", nil},
		{"key-empty", request("Sec-WebSocket-Key:"), handshake.ErrKey, "400 Bad Request", nil},
		{"key-15-bytes", request("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAA"), handshake.ErrKey, "400 Bad Request", nil},
		{"key-17-bytes", request("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAAA="), handshake.ErrKey, "400 Bad Request", nil},
		{"key-without-padding", request("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA"), handshake.ErrKey, "400 Bad Request", nil},
		{"key-not-canonical", request("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAB=="), handshake.ErrKey, "400 Bad Request", nil},
		{"key-url-alphabet", request("Sec-WebSocket-Key: -_AAAAAAAAAAAAAAAAAAAA=="), handshake.ErrKey, "400 Bad Request", nil},
		{"key-with-space-in-it", request("Sec-WebSocket-Key: AAAAAAAAAA AAAAAAAAAAA=="), handshake.ErrKey, "400 Bad Request", nil},
		{"key-and-more", request("Sec-WebSocket-Key: " + sampleKey + ", x"), handshake.ErrKey, "400 Bad Request", nil},

		{"no-host", request("-Host"), handshake.ErrHost, "400 Bad Request", nil},
		{"host-empty", request("Host:"), handshake.ErrHost, "400 Bad Request", nil},
		{"host-port-only", request("Host: :80"), handshake.ErrHost, "400 Bad Request", nil},
		{"host-with-userinfo", request("Host: user@example.com"), handshake.ErrHost, "400 Bad Request", nil},
		{"host-with-path", request("Host: example.com/a"), handshake.ErrHost, "400 Bad Request", nil},
		{"host-with-scheme", request("Host: http://example.com"), handshake.ErrHost, "400 Bad Request", nil},
		{"host-with-space", request("Host: exam ple.com"), handshake.ErrHost, "400 Bad Request", nil},
		{"host-not-ascii", request("Host: exämple.com"), handshake.ErrHost, "400 Bad Request", nil},
		{"host-port-no-number", request("Host: example.com:8o"), handshake.ErrHost, "400 Bad Request", nil},
		{"host-port-negative", request("Host: example.com:-1"), handshake.ErrHost, "400 Bad Request", nil},
		{"host-port-too-large", request("Host: example.com:65536"), handshake.ErrHost, "400 Bad Request", nil},
		{"host-port-too-long", request("Host: example.com:000080"), handshake.ErrHost, "400 Bad Request", nil},
		{"host-two-ports", request("Host: example.com:80:80"), handshake.ErrHost, "400 Bad Request", nil},
		{"host-bad-escape", request("Host: example%4.com"), handshake.ErrHost, "400 Bad Request", nil},
		{"host-escape-cut", request("Host: example.com%4"), handshake.ErrHost, "400 Bad Request", nil},
		{"host-ipv6-without-brackets", request("Host: ::1"), handshake.ErrHost, "400 Bad Request", nil},
		{"host-ipv6-open", request("Host: [::1"), handshake.ErrHost, "400 Bad Request", nil},
		{"host-ipv6-close", request("Host: ::1]"), handshake.ErrHost, "400 Bad Request", nil},
		{"host-ipv6-empty", request("Host: []"), handshake.ErrHost, "400 Bad Request", nil},
		{"host-ipv6-zone", request("Host: [fe80::1%25eth0]"), handshake.ErrHost, "400 Bad Request", nil},
		{"host-ipv6-and-name", request("Host: [::1]a"), handshake.ErrHost, "400 Bad Request", nil},
		{"host-ipv6-is-ipv4", request("Host: [127.0.0.1]"), handshake.ErrHost, "400 Bad Request", nil},
		{"host-list", request("Host: a, b"), handshake.ErrHost, "400 Bad Request", nil},

		{"origin-of-another-host", request("Origin: http://evil.example"), handshake.ErrOrigin, "403 Forbidden", nil},
		{"subprotocol-no-token", request("Sec-WebSocket-Protocol: a b"), handshake.ErrSubprotocol, "400 Bad Request", nil},
		{"extension-no-token", request("Sec-WebSocket-Extensions: a b"), handshake.ErrExtension, "400 Bad Request", nil},
		{"header-too-large", request("X: " + strings.Repeat("a", 4096)), handshake.ErrHeaderTooLarge, "431 Request Header Fields Too Large", nil},
		{"too-many-fields", request(strings.Repeat("a:\r\n", 128) + "b:"), handshake.ErrHeaderTooLarge, "431 Request Header Fields Too Large", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := check(&handshake.Policy{}, tt.raw, handshake.HTTP, netip.Addr{})
			if !errors.Is(err, tt.err) {
				t.Fatalf("%q: %v, want %v", tt.raw, err, tt.err)
			}
			checkRefusal(t, handshake.AppendRefusal(nil, err), tt.status, tt.lines)
		})
	}
}

// The order of the tests is a promise: of two faults the earlier is answered.
func TestCheckOrder(t *testing.T) {
	faults := []struct {
		err     error
		changes []string
	}{
		{handshake.ErrMethod, []string{"PUT / HTTP/1.1"}},
		{handshake.ErrHTTPVersion, []string{"GET / HTTP/1.0"}},
		{handshake.ErrBody, []string{"Content-Length: 1"}},
		{handshake.ErrDuplicate, []string{"+Host: example.com"}},
		{handshake.ErrUpgrade, []string{"Upgrade: h2c"}},
		{handshake.ErrVersion, []string{"Sec-WebSocket-Version: 12"}},
		{handshake.ErrKey, []string{"Sec-WebSocket-Key: x"}},
		{handshake.ErrHost, []string{"Host: a b"}},
		{handshake.ErrOrigin, []string{"Origin: http://evil.example"}},
		{handshake.ErrSubprotocol, []string{"Sec-WebSocket-Protocol: a b"}},
		{handshake.ErrExtension, []string{"Sec-WebSocket-Extensions: ;"}},
	}
	for i, early := range faults {
		for _, late := range faults[i+1:] {
			raw := request(append(slices.Clone(late.changes), early.changes...)...)
			if _, err := check(&handshake.Policy{}, raw, handshake.HTTP, netip.Addr{}); !errors.Is(err, early.err) {
				t.Errorf("%q: %v, want %v", raw, err, early.err)
			}
		}
	}
}

// No combination of missing fields makes Check panic or accept.
func TestCheckMissingFields(t *testing.T) {
	for mask := range 1 << 5 {
		var kept []string
		for i, line := range opening[1:] {
			if mask&(1<<i) != 0 {
				kept = append(kept, line)
			}
		}
		raw := strings.Join(append([]string{opening[0]}, kept...), "\r\n") + "\r\n\r\n"
		_, err := check(&handshake.Policy{}, raw, handshake.HTTP, netip.Addr{})
		if complete := mask == 1<<5-1; complete != (err == nil) {
			t.Errorf("%q: %v", raw, err)
		}
	}
	var zero handshake.Request
	if _, err := new(handshake.Policy).Check(&zero, handshake.HTTP, netip.Addr{}); !errors.Is(err, handshake.ErrMethod) {
		t.Errorf("zero request: %v, want ErrMethod", err)
	}
}

// A request that another implementation parsed may say HTTP/2.0 and has no key; it isn't ours here.
func TestCheckOtherHTTP(t *testing.T) {
	for _, proto := range []string{"", "HTTP/2.0", "HTTP/1", "HTTP/1.1x"} {
		r := handshake.Request{Method: "GET", Target: "/", Proto: proto}
		if _, err := new(handshake.Policy).Check(&r, handshake.HTTP, netip.Addr{}); !errors.Is(err, handshake.ErrHTTPVersion) {
			t.Errorf("proto %q: %v, want ErrHTTPVersion", proto, err)
		}
	}
}

func TestCheckAllocatesTheKeyOnly(t *testing.T) {
	raw := request("Host: [::1]:8080", "Connection: keep-alive, Upgrade", "Origin: https://a.example.com:8443",
		"Sec-WebSocket-Protocol: a, b, c", "+Sec-WebSocket-Protocol: d",
		`Sec-WebSocket-Extensions: foo; bar="baz", permessage-deflate; server_max_window_bits="1\0"; client_max_window_bits`)
	var r handshake.Request
	if err := r.Parse(raw); err != nil {
		t.Fatal(err)
	}
	policy := handshake.Policy{
		Origins:      handshake.Origins{Allow: []string{"https://example.com", "*.example.com:8443"}},
		Subprotocols: []string{"x", "d", "b"},
		Deflate:      &handshake.DeflatePolicy{ClientMaxWindowBits: 11},
	}
	allocs := testing.AllocsPerRun(100, func() {
		a, err := policy.Check(&r, handshake.HTTPS, netip.Addr{})
		if err != nil || a.Subprotocol != "d" || !a.Compressed || a.Deflate.ServerMaxWindowBits != 10 {
			t.Fatalf("Check = %+v, %v", a, err)
		}
	})
	if allocs != 1 {
		t.Errorf("%v allocations, want 1", allocs)
	}
}

func ExamplePolicy_Check() {
	policy := handshake.Policy{Subprotocols: []string{"chat.v2", "chat.v1"}}
	raw := "GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" +
		"Origin: http://example.com\r\nSec-WebSocket-Protocol: chat.v1, chat.v2\r\n\r\n"

	var r handshake.Request
	if err := r.Parse(raw); err != nil {
		fmt.Printf("%s", handshake.AppendRefusal(nil, err))
		return
	}
	accepted, err := policy.Check(&r, handshake.HTTP, netip.MustParseAddr("192.0.2.7"))
	if err != nil {
		fmt.Printf("%s", handshake.AppendRefusal(nil, err))
		return
	}
	answer, err := handshake.AppendAccepted(nil, accepted, nil)
	fmt.Println(strings.ReplaceAll(string(answer), "\r\n", "\n"), err)
	// Output:
	// HTTP/1.1 101 Switching Protocols
	// Upgrade: websocket
	// Connection: Upgrade
	// Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
	// Sec-WebSocket-Protocol: chat.v2
	//
	//  <nil>
}
