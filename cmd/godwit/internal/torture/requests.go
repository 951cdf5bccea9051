package torture

import (
	"slices"
	"strings"
)

// refusal is an opening request that is to be refused.
type refusal struct {
	name, what string
	q          request
	statuses   []int // none: any from 400 to 599
}

// tolerable are requests that a recipient may take, or whose refusal is a SHOULD: bare
// LFs and folded lines (RFC 9112 §2.2 and §5.2), foreign origins (RFC 6455 §4.2.2).
var tolerable = []string{"lines-lf", "field-lf", "smuggle-folded", "origin-foreign", "origin-null"}

// requests are opening requests that a server must refuse.
func requests() []Case {
	var all []Case
	for _, tt := range slices.Concat(badUpgrades(), badRequests(), badMethods()) {
		all = append(all, Case{
			Name:  "handshake/" + tt.name,
			Title: "an opening request with " + tt.what + ": refused",
			play: func(p *peer) {
				p.ask(tt.q)
				p.wantStatus(tt.statuses...)
				if p.taken && slices.Contains(tolerable, tt.name) {
					p.err = &weakness{p.err}
				}
			},
		})
	}
	return all
}

// badUpgrades are right HTTP and ask for a WebSocket in a wrong way (RFC 6455 §4.2.1).
func badUpgrades() []refusal {
	return []refusal{
		{"version-12", "version 12", request{instead: []string{"Sec-WebSocket-Version: 12"}}, []int{400, 426}},
		{"version-8", "version 8", request{instead: []string{"Sec-WebSocket-Version: 8"}}, []int{400, 426}},
		{"version-0", "version 0", request{instead: []string{"Sec-WebSocket-Version: 0"}}, []int{400, 426}},
		{"version-14", "version 14", request{instead: []string{"Sec-WebSocket-Version: 14"}}, []int{400, 426}},
		{"version-130", "version 130", request{instead: []string{"Sec-WebSocket-Version: 130"}}, []int{400, 426}},
		{"version-013", "version 013", request{instead: []string{"Sec-WebSocket-Version: 013"}}, []int{400, 426}},
		{"version-text", "a version that is no number", request{instead: []string{"Sec-WebSocket-Version: thirteen"}}, []int{400, 426}},
		{"version-empty", "an empty version", request{instead: []string{"Sec-WebSocket-Version: "}}, []int{400, 426}},
		{"version-none", "no version", request{drop: "Sec-WebSocket-Version"}, []int{400, 426}},
		{"key-none", "no key", request{drop: "Sec-WebSocket-Key"}, []int{400}},
		{"key-empty", "an empty key", request{instead: []string{"Sec-WebSocket-Key: "}}, []int{400}},
		{"key-15-bytes", "a key of 15 bytes", request{instead: []string{"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAA"}}, []int{400}},
		{"key-17-bytes", "a key of 17 bytes", request{instead: []string{"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAAA="}}, []int{400}},
		{"key-no-base64", "a key that isn't base64", request{instead: []string{"Sec-WebSocket-Key: !!!!!!!!!!!!!!!!!!!!!!=="}}, []int{400}},
		{"key-unpadded", "a key without its padding", request{instead: []string{"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ"}}, []int{400}},
		{"key-long", "a key of 2,000 bytes", request{instead: []string{"Sec-WebSocket-Key: " + strings.Repeat("A", 2000)}}, []int{400, 431}},
		{"upgrade-none", "no Upgrade", request{drop: "Upgrade"}, nil},
		{"upgrade-h2c", "an Upgrade to something else", request{instead: []string{"Upgrade: h2c"}}, nil},
		{"upgrade-near", "an Upgrade to websockets", request{instead: []string{"Upgrade: websockets"}}, nil},
		{"upgrade-part", "an Upgrade to xwebsocket", request{instead: []string{"Upgrade: xwebsocket"}}, nil},
		{"connection-none", "no Connection", request{drop: "Connection"}, nil},
		{"connection-close", "Connection: close", request{instead: []string{"Connection: close"}}, nil},
		{"connection-near", "Connection: upgraded", request{instead: []string{"Connection: upgraded"}}, nil},
		{"key-twice", "two keys", request{fields: []string{"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="}}, []int{400}},
		{"version-twice", "two versions", request{fields: []string{"Sec-WebSocket-Version: 8"}}, []int{400, 426}},
		{"origin-foreign", "a foreign Origin", request{fields: []string{"Origin: https://evil.example"}}, []int{403}},
		{"origin-null", "the Origin null", request{fields: []string{"Origin: null"}}, []int{403}},
		{"origin-twice", "Origin twice", request{fields: []string{"Origin: https://evil.example", "Origin: https://evil.example"}}, nil},
		{"protocol-garbage", "a subprotocol that is no token", request{fields: []string{"Sec-WebSocket-Protocol: a b"}}, nil},
		{"extension-garbage", "extensions that are none", request{fields: []string{"Sec-WebSocket-Extensions: ;;="}}, nil},
	}
}

// badRequests are wrong HTTP, or announce a body (RFC 9112).
func badRequests() []refusal {
	return []refusal{
		{"host-none", "no Host", request{drop: "Host"}, []int{400}},
		{"host-twice", "Host twice", request{fields: []string{"Host: other.example"}}, []int{400}},
		{"host-bad", "a Host that is none", request{instead: []string{"Host: a b"}}, []int{400}},
		{"host-path", "a Host with a path", request{instead: []string{"Host: a/b"}}, []int{400}},
		{"http-1.0", "HTTP/1.0", request{proto: "HTTP/1.0"}, nil},
		{"http-0.9", "HTTP/0.9", request{proto: "HTTP/0.9"}, nil},
		{"http-2.0", "HTTP/2.0", request{proto: "HTTP/2.0"}, nil},
		{"http-1.10", "HTTP/1.10", request{proto: "HTTP/1.10"}, nil},
		{"http-lower", "http/1.1", request{proto: "http/1.1"}, nil},
		{"proto-none", "a request line without a protocol", request{proto: " "}, nil},
		{"path-space", "a path with a space", request{path: "/a b"}, nil},
		{"path-control", "a path with a control character", request{path: "/\x01"}, nil},
		{"path-nul", "a path with NUL", request{path: "/\x00"}, nil},
		{"lines-lf", "lines that end in LF alone", request{end: "\n"}, nil},
		{"lines-cr", "lines that end in CR alone", request{end: "\r", body: "\r\n\r\n"}, nil},
		{"smuggle-length", "a Content-Length", request{fields: []string{"Content-Length: 5"}, body: "hello"}, nil},
		{"smuggle-chunked", "a Transfer-Encoding", request{fields: []string{"Transfer-Encoding: chunked"}, body: "0\r\n\r\n"}, nil},
		{"smuggle-both", "Content-Length and Transfer-Encoding", request{fields: []string{"Content-Length: 5", "Transfer-Encoding: chunked"}, body: "0\r\n\r\n"}, nil},
		{"smuggle-length-twice", "two Content-Lengths that differ", request{fields: []string{"Content-Length: 5", "Content-Length: 6"}, body: "hello!"}, nil},
		{"smuggle-length-negative", "a negative Content-Length", request{fields: []string{"Content-Length: -1"}}, nil},
		{"smuggle-folded", "a folded Transfer-Encoding", request{fields: []string{"X: y\r\n Transfer-Encoding: chunked"}}, nil},
		{"smuggle-te-space", "Transfer-Encoding with a space before its colon", request{fields: []string{"Transfer-Encoding : chunked"}}, nil},
		{"field-no-colon", "a field without a colon", request{fields: []string{"Nonsense"}}, nil},
		{"field-no-name", "a field without a name", request{fields: []string{": x"}}, nil},
		{"field-name-space", "a field whose name has a space", request{fields: []string{"X Y: z"}}, nil},
		{"field-name-umlaut", "a field whose name isn't ASCII", request{fields: []string{"Ü: z"}}, nil},
		{"field-nul", "a value with NUL", request{fields: []string{"X: a\x00b"}}, nil},
		{"field-lf", "a value with a bare LF", request{fields: []string{"X: a\nSec-Evil: b"}}, nil},
		{"field-cr", "a value with a bare CR", request{fields: []string{"X: a\rb"}}, nil},
		{"field-esc", "a value with ESC", request{fields: []string{"X: \x1b[2J"}}, nil},
	}
}

// badMethods have another method than GET (RFC 6455 §4.1).
func badMethods() (all []refusal) {
	for _, method := range []string{"POST", "PUT", "HEAD", "DELETE", "OPTIONS", "TRACE", "PATCH", "PRI", "GETS"} {
		all = append(all, refusal{"method-" + method, "the method " + method, request{method: method}, nil})
	}
	return append(all,
		refusal{"method-garbage", "a method with a control character", request{method: "G\x01T"}, nil},
		refusal{"method-lower", "the method get", request{method: "get"}, nil})
}
