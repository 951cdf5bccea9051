package handshake_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/handshake"
)

func TestClientRequestAppend(t *testing.T) {
	c := handshake.ClientRequest{
		Host: "example.com:8080", Target: "/chat?a=b", Key: sampleKey,
		Subprotocols: []string{"b", "a"},
		Deflate: []handshake.DeflateOffer{
			{},
			{ServerNoContextTakeover: true, ClientNoContextTakeover: true, ServerMaxWindowBits: 10, ClientMaxWindowBits: 15},
			{ClientMaxWindowBits: -1},
		},
		Fields: []handshake.Field{{Name: "Origin", Value: "http://example.com"}, {Name: "Cookie", Value: "a=\xff; b=\"c\""}},
	}
	const want = "GET /chat?a=b HTTP/1.1\r\n" +
		"Host: example.com:8080\r\n" +
		"Upgrade: websocket\r\n" +
		"Connection: Upgrade\r\n" +
		"Sec-WebSocket-Version: 13\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
		"Sec-WebSocket-Protocol: b, a\r\n" +
		"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, " +
		"permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits=15, " +
		"permessage-deflate\r\n" +
		"Origin: http://example.com\r\n" +
		"Cookie: a=\xff; b=\"c\"\r\n" +
		"\r\n"
	got, err := c.Append([]byte("before"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("before"+want, string(got)); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
}

func TestClientRequestAppendRefuses(t *testing.T) {
	field := func(name, value string) func(*handshake.ClientRequest) {
		return func(c *handshake.ClientRequest) {
			c.Fields = []handshake.Field{{Name: "Ok", Value: "x"}, {Name: name, Value: value}}
		}
	}
	host := func(s string) func(*handshake.ClientRequest) {
		return func(c *handshake.ClientRequest) { c.Host = s }
	}
	target := func(s string) func(*handshake.ClientRequest) {
		return func(c *handshake.ClientRequest) { c.Target = s }
	}
	protocols := func(s ...string) func(*handshake.ClientRequest) {
		return func(c *handshake.ClientRequest) { c.Subprotocols = s }
	}
	offer := func(o handshake.DeflateOffer) func(*handshake.ClientRequest) {
		return func(c *handshake.ClientRequest) { c.Deflate = []handshake.DeflateOffer{{}, o} }
	}
	tests := []struct {
		name   string
		change func(*handshake.ClientRequest)
		err    error
	}{
		{"host-empty", host(""), handshake.ErrHost},
		{"host-injection", host("a\r\nX: y"), handshake.ErrHost},
		{"host-with-userinfo", host("u:p@a"), handshake.ErrHost},
		{"host-with-path", host("a/b"), handshake.ErrHost},
		{"target-empty", target(""), handshake.ErrTarget},
		{"target-relative", target("a"), handshake.ErrTarget},
		{"target-absolute", target("http://a/"), handshake.ErrTarget},
		{"target-injection", target("/ HTTP/1.1\r\nX: y"), handshake.ErrTarget},
		{"target-space", target("/a b"), handshake.ErrTarget},
		{"target-fragment", target("/#a"), handshake.ErrTarget},
		{"target-unescaped", target("/ä"), handshake.ErrTarget},
		{"target-nul", target("/\x00"), handshake.ErrTarget},
		{"key-empty", func(c *handshake.ClientRequest) { c.Key = "" }, handshake.ErrKey},
		{"key-short", func(c *handshake.ClientRequest) { c.Key = "AAAA" }, handshake.ErrKey},
		{"key-injection", func(c *handshake.ClientRequest) { c.Key = sampleKey + "\r\nX: y" }, handshake.ErrKey},
		{"protocol-empty", protocols(""), handshake.ErrSubprotocol},
		{"protocol-list", protocols("a, b"), handshake.ErrSubprotocol},
		{"protocol-injection", protocols("a\r\nX: y"), handshake.ErrSubprotocol},
		{"protocol-twice", protocols("a", "b", "a"), handshake.ErrSubprotocol},
		{"server-bits-7", offer(handshake.DeflateOffer{ServerMaxWindowBits: 7}), handshake.ErrExtension},
		{"server-bits-negative", offer(handshake.DeflateOffer{ServerMaxWindowBits: -1}), handshake.ErrExtension},
		{"server-bits-16", offer(handshake.DeflateOffer{ServerMaxWindowBits: 16}), handshake.ErrExtension},
		{"client-bits-1", offer(handshake.DeflateOffer{ClientMaxWindowBits: 1}), handshake.ErrExtension},
		{"client-bits-16", offer(handshake.DeflateOffer{ClientMaxWindowBits: 16}), handshake.ErrExtension},
		{"field-value-crlf", field("A", "b\r\nC: d"), handshake.ErrHeaderField},
		{"field-value-lf", field("A", "b\nC: d"), handshake.ErrHeaderField},
		{"field-value-cr", field("A", "b\r"), handshake.ErrHeaderField},
		{"field-value-nul", field("A", "\x00"), handshake.ErrHeaderField},
		{"field-name-empty", field("", "b"), handshake.ErrHeaderField},
		{"field-name-injection", field("A: b\r\nC", "d"), handshake.ErrHeaderField},
		{"field-name-space", field("A ", "b"), handshake.ErrHeaderField},
		{"field-host", field("host", "b"), handshake.ErrHeaderField},
		{"field-upgrade", field("Upgrade", "h2c"), handshake.ErrHeaderField},
		{"field-connection", field("CONNECTION", "close"), handshake.ErrHeaderField},
		{"field-content-length", field("Content-length", "5"), handshake.ErrHeaderField},
		{"field-transfer-encoding", field("Transfer-Encoding", "chunked"), handshake.ErrHeaderField},
		{"field-key", field("Sec-WebSocket-Key", sampleKey), handshake.ErrHeaderField},
		{"field-protocol", field("sec-websocket-protocol", "a"), handshake.ErrHeaderField},
		{"field-extensions", field("Sec-WebSocket-Extensions", "a"), handshake.ErrHeaderField},
		{"field-of-the-family", field("Sec-WebSocket-Other", "a"), handshake.ErrHeaderField},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := handshake.ClientRequest{Host: "a", Target: "/", Key: sampleKey}
			tt.change(&c)
			got, err := c.Append([]byte("before"))
			if string(got) != "before" || !errors.Is(err, tt.err) {
				t.Errorf("Append of %+v = %q, %v; want nothing appended and %v", c, got, err, tt.err)
			}
		})
	}
}

// clientCheck judges an answer of the right kind with lines added, "-Name" taken out, or a line of the
// same name replaced.
func clientCheck(c *handshake.ClientRequest, lines ...string) (handshake.Accepted, error) {
	c.Key = sampleKey
	answer := []string{"HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
		"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="}
	for _, l := range lines {
		name, _, _ := strings.Cut(strings.TrimLeft(l, "-+"), ":")
		for i := range answer {
			if !strings.HasPrefix(l, "+") && strings.HasPrefix(answer[i], name+":") {
				answer = append(answer[:i:i], answer[i+1:]...)
				break
			}
		}
		switch {
		case strings.HasPrefix(l, "HTTP/"):
			answer[0] = l
		case !strings.HasPrefix(l, "-"):
			answer = append(answer, strings.TrimPrefix(l, "+"))
		}
	}
	var r handshake.Response
	if err := r.Parse(strings.Join(answer, "\r\n") + "\r\n\r\n"); err != nil {
		return handshake.Accepted{}, err
	}
	return c.Check(&r)
}

func TestClientRequestCheck(t *testing.T) {
	tests := []struct {
		name  string
		lines []string
		err   error
	}{
		{"as-in-the-rfc", nil, nil},
		{"other-reason", []string{"HTTP/1.1 101 Yes"}, nil},
		{"no-reason", []string{"HTTP/1.1 101"}, nil},
		{"other-case", []string{"Upgrade: WebSocket", "Connection: upgrade"}, nil},
		{"connection-list", []string{"Connection: keep-alive, Upgrade"}, nil},
		{"connection-on-first-of-two-lines", []string{"+Connection: keep-alive"}, nil},
		{"connection-on-second-of-two-lines", []string{"Connection: keep-alive", "+Connection: Upgrade"}, nil},
		{"spaces-around-accept", []string{"Sec-WebSocket-Accept: \t s3pPLMBiTxaQ9kYGzzhZRbK+xOo= "}, nil},
		{"other-fields", []string{"Server: x", "Set-Cookie: a=b", "Content-Length: 0"}, nil},
		{"subprotocol", []string{"Sec-WebSocket-Protocol: b"}, nil},

		{"syntax", []string{"A : b"}, handshake.ErrSyntax},
		{"obs-fold", []string{"A: b\r\n c"}, handshake.ErrSyntax},
		{"bare-lf", []string{"A: b\nC: d"}, handshake.ErrSyntax},
		{"http-1.0", []string{"HTTP/1.0 101 x"}, handshake.ErrHTTPVersion},
		{"no-upgrade", []string{"-Upgrade"}, handshake.ErrUpgrade},
		{"upgrade-to-something-else", []string{"Upgrade: h2c"}, handshake.ErrUpgrade},
		{"upgrade-list", []string{"Upgrade: websocket, h2c"}, handshake.ErrUpgrade},
		{"upgrade-twice", []string{"+Upgrade: websocket"}, handshake.ErrUpgrade},
		{"upgrade-with-kelvin-sign", []string{"Upgrade: websoc\u212aet"}, handshake.ErrUpgrade},
		{"no-connection", []string{"-Connection"}, handshake.ErrUpgrade},
		{"connection-close", []string{"Connection: close"}, handshake.ErrUpgrade},
		{"no-accept", []string{"-Sec-WebSocket-Accept"}, handshake.ErrAccept},
		{"accept-empty", []string{"Sec-WebSocket-Accept:"}, handshake.ErrAccept},
		{"accept-of-another-key", []string{"Sec-WebSocket-Accept: " + handshake.AcceptKey("x")}, handshake.ErrAccept},
		{"accept-in-other-case", []string{"Sec-WebSocket-Accept: S3pPLMBiTxaQ9kYGzzhZRbK+xOo="}, handshake.ErrAccept},
		{"accept-is-the-key", []string{"Sec-WebSocket-Accept: " + sampleKey}, handshake.ErrAccept},
		{"accept-twice", []string{"+Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="}, handshake.ErrAccept},
		{"subprotocol-not-asked-for", []string{"Sec-WebSocket-Protocol: c"}, handshake.ErrSubprotocol},
		{"subprotocol-in-other-case", []string{"Sec-WebSocket-Protocol: B"}, handshake.ErrSubprotocol},
		{"subprotocol-list", []string{"Sec-WebSocket-Protocol: a, b"}, handshake.ErrSubprotocol},
		{"subprotocol-twice", []string{"+Sec-WebSocket-Protocol: a", "+Sec-WebSocket-Protocol: a"}, handshake.ErrSubprotocol},
		{"subprotocol-empty", []string{"Sec-WebSocket-Protocol:"}, handshake.ErrSubprotocol},
		{"extension-not-offered", []string{"Sec-WebSocket-Extensions: permessage-deflate"}, handshake.ErrExtension},
		{"extension-unknown", []string{"Sec-WebSocket-Extensions: constructor"}, handshake.ErrExtension},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := handshake.ClientRequest{Subprotocols: []string{"a", "b"}}
			a, err := clientCheck(&c, tt.lines...)
			if !errors.Is(err, tt.err) {
				t.Fatalf("%q: %v, want %v", tt.lines, err, tt.err)
			}
			if want := map[bool]string{true: "b"}[tt.name == "subprotocol"]; a.Subprotocol != want {
				t.Errorf("subprotocol %q, want %q", a.Subprotocol, want)
			}
		})
	}
}

func TestClientRequestCheckStatus(t *testing.T) {
	tests := []struct {
		line string
		want handshake.StatusError
		text string
	}{
		{"HTTP/1.1 404 Not Found", handshake.StatusError{Status: 404, Reason: "Not Found"}, `handshake: server answered 404 "Not Found"`},
		{"HTTP/1.0 400", handshake.StatusError{Status: 400}, "handshake: server answered 400"},
		{"HTTP/1.1 302 Found", handshake.StatusError{Status: 302, Reason: "Found"}, `handshake: server answered 302 "Found"`},
		{"HTTP/1.1 103 Early Hints", handshake.StatusError{Status: 103, Reason: "Early Hints"}, `handshake: server answered 103 "Early Hints"`},
		{"HTTP/1.1 500 a\xff\"" + strings.Repeat("b", 99), handshake.StatusError{Status: 500, Reason: "a\xff\"" + strings.Repeat("b", 99)},
			`handshake: server answered 500 "a\xff\"` + strings.Repeat("b", 61) + `"`},
	}
	for _, tt := range tests {
		_, err := clientCheck(&handshake.ClientRequest{}, tt.line)
		got, ok := errors.AsType[*handshake.StatusError](err)
		if !ok {
			t.Errorf("%q: %v, want a StatusError", tt.line, err)
			continue
		}
		if diff := cmp.Diff(tt.want, *got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.line, diff)
		}
		if got.Error() != tt.text {
			t.Errorf("%q reads %s, want %s", tt.line, got, tt.text)
		}
	}
}

func ExampleClientRequest() {
	c := handshake.ClientRequest{
		Host:         "example.com",
		Target:       "/chat",
		Key:          handshake.NewKey([16]byte([]byte("the sample nonce"))), // 16 bytes of crypto/rand
		Subprotocols: []string{"chat.v2"},
	}
	request, err := c.Append(nil)
	fmt.Println(strings.ReplaceAll(string(request), "\r\n", "\n"), err)

	var answer handshake.Response
	err = answer.Parse("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat.v2\r\n\r\n")
	if err != nil {
		return
	}
	accepted, err := c.Check(&answer)
	fmt.Println(accepted.Subprotocol, err)
	// Output:
	// GET /chat HTTP/1.1
	// Host: example.com
	// Upgrade: websocket
	// Connection: Upgrade
	// Sec-WebSocket-Version: 13
	// Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
	// Sec-WebSocket-Protocol: chat.v2
	//
	//  <nil>
	// chat.v2 <nil>
}
