package torture

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/godwit-ws/godwit/frame"
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

// requests are opening requests that a server must refuse (RFC 6455 §4.2.1, RFC 9112).
func requests() []Case {
	table := []refusal{
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
		{"method-garbage", "a method with a control character", request{method: "G\x01T"}, nil},
		{"method-lower", "the method get", request{method: "get"}, nil},
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
		{"key-twice", "two keys", request{fields: []string{"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="}}, []int{400}},
		{"version-twice", "two versions", request{fields: []string{"Sec-WebSocket-Version: 8"}}, []int{400, 426}},
		{"origin-foreign", "a foreign Origin", request{fields: []string{"Origin: https://evil.example"}}, []int{403}},
		{"origin-null", "the Origin null", request{fields: []string{"Origin: null"}}, []int{403}},
		{"origin-twice", "Origin twice", request{fields: []string{"Origin: https://evil.example", "Origin: https://evil.example"}}, nil},
		{"protocol-garbage", "a subprotocol that is no token", request{fields: []string{"Sec-WebSocket-Protocol: a b"}}, nil},
		{"extension-garbage", "extensions that are none", request{fields: []string{"Sec-WebSocket-Extensions: ;;="}}, nil},
	}
	for _, method := range []string{"POST", "PUT", "HEAD", "DELETE", "OPTIONS", "TRACE", "PATCH", "PRI", "GETS"} {
		table = append(table, refusal{"method-" + method, "the method " + method, request{method: method}, nil})
	}
	var all []Case
	for _, tt := range table {
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

// requestShapes are opening requests of odd shapes.
func requestShapes() []Case {
	var all []Case
	add := func(name, title string, play func(*peer)) {
		all = append(all, Case{Name: "handshake/" + name, Title: title, play: play})
	}
	for name, q := range map[string]request{
		"upgrade-case":       {instead: []string{"upgrade: WebSocket", "connection: UPGRADE"}},
		"connection-list":    {instead: []string{"Connection: keep-alive, Upgrade"}},
		"connection-twice":   {instead: []string{"Connection: keep-alive"}, fields: []string{"Connection: Upgrade"}},
		"names-lower":        {instead: []string{"sec-websocket-key: " + sampleKey, "sec-websocket-version: 13"}},
		"spaces":             {instead: []string{"Sec-WebSocket-Version: \t 13 \t"}},
		"no-space":           {instead: []string{"Upgrade:websocket", "Connection:Upgrade"}},
		"empty-field":        {fields: []string{"X-Empty:"}},
		"extension-unknown":  {fields: []string{"Sec-WebSocket-Extensions: x-unheard-of; a=1"}},
		"extension-names":    {fields: []string{"Sec-WebSocket-Extensions: constructor, __proto__, toString"}},
		"protocol-unknown":   {fields: []string{"Sec-WebSocket-Protocol: x-unheard-of"}},
		"fields-ten":         {fields: repeat("X-Field: y", 10)},
		"extension-unagreed": {fields: []string{"Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=99"}},
	} {
		add(name, "an opening request that is right, "+name+": accepted, and the connection works", func(p *peer) {
			p.ask(q)
			p.wantOpen()
			p.wantAlive()
			p.finish()
		})
	}
	add("bytewise", "an opening request a byte a write: accepted", func(p *peer) {
		p.dribble([]byte(request{}.text(p.env.target.host, p.env.target.path)), 1, 0, p.env.o.Patience)
		p.wantOpen()
		p.wantAlive()
		p.finish()
	})
	add("pipelined", "the first frame in one write with the opening request: answered", func(p *peer) {
		p.write(append([]byte(request{}.text(p.env.target.host, p.env.target.path)), bytesOf(client, text("early"))...))
		p.wantOpenEarly()
		p.want(frame.Text, []byte("early"))
		p.finish()
	})
	add("pipelined-half", "half a frame in one write with the opening request, the rest later: answered", func(p *peer) {
		b := bytesOf(client, text("early"))
		p.write(append([]byte(request{}.text(p.env.target.host, p.env.target.path)), b[:4]...))
		p.wantOpenEarly()
		p.write(b[4:])
		p.want(frame.Text, []byte("early"))
		p.finish()
	})
	add("pipelined-violation", "a violation in one write with the opening request: accepted, then closed with 1002", func(p *peer) {
		p.write(append([]byte(request{}.text(p.env.target.host, p.env.target.path)), bytesOf(client, of(3, 0))...))
		p.wantOpenEarly()
		p.wantClose(frame.CodeProtocolError)
	})
	add("pipelined-request", "a second request behind a refused one: never accepted", func(p *peer) {
		p.ask(request{instead: []string{"Sec-WebSocket-Version: 8"}, fields: []string{"Content-Length: 0"}})
		p.wantStatus()
	})
	add("version-told", "an unknown version: the answer names the version that is spoken (RFC 6455 §4.4)", func(p *peer) {
		p.ask(request{instead: []string{"Sec-WebSocket-Version: 8"}})
		if resp := p.wantStatus(http.StatusBadRequest, http.StatusUpgradeRequired); p.err == nil && !strings.Contains(resp.Header.Get("Sec-WebSocket-Version"), "13") {
			p.weak("the answer doesn't name version 13")
		}
	})
	for name, s := range map[string]string{
		"garbage-binary":  "\x00\x01\x02\x03\xff\xfe\xfd\xfc\r\n\r\n",
		"garbage-tls":     "\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\r\n\r\n",
		"garbage-h2":      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"garbage-frame":   string(bytesOf(client, text("hello"), closing(""))) + "\r\n\r\n",
		"garbage-newline": "\r\n\r\n\r\n\r\n",
		"garbage-proxy":   "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n\r\n",
		"garbage-smtp":    "EHLO example.com\r\n\r\n",
		"garbage-colon":   "GET / HTTP/1.1\r\n:\r\n\r\n",
	} {
		add(name, "what is no HTTP, "+name+": refused or closed, never accepted", func(p *peer) {
			p.write([]byte(s))
			p.shutdown()
			if resp := p.answer(); resp != nil && resp.StatusCode < 400 {
				p.fail("status %s", resp.Status)
			}
		})
	}
	return all
}

func repeat(s string, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = s
	}
	return all
}

// headers goes past the limits of the opening request's header.
func headers(o Options) []Case {
	if o.MaxHeader <= 0 {
		return nil
	}
	over := o.MaxHeader + 1
	var all []Case
	for name, fields := range map[string][]string{
		"one-long-field":  {"X-Long: " + strings.Repeat("x", over)},
		"many-fields":     repeat("X: y", over/6+1),
		"one-long-name":   {strings.Repeat("x", over) + ": y"},
		"long-protocol":   {"Sec-WebSocket-Protocol: " + strings.Repeat("a, ", over/3) + "a"},
		"long-extensions": {"Sec-WebSocket-Extensions: " + strings.Repeat("a; ", over/3) + "a"},
		"spaces":          {"Sec-WebSocket-Protocol: a" + strings.Repeat(" ", over) + "b"},
		"quotes":          {`Sec-WebSocket-Extensions: a; b="` + strings.Repeat(`\`, over)},
		"cookies":         repeat("Cookie: a=b", over/13+1),
		"cookie-long":     {"Cookie: " + strings.Repeat("a=b; ", over/5+1)},
	} {
		all = append(all, Case{
			Name: "header/" + name, Title: "a header past its limit, " + name + ": refused",
			play: func(p *peer) {
				p.ask(request{fields: fields})
				p.wantStatus(http.StatusRequestHeaderFieldsTooLarge, http.StatusBadRequest)
			},
		})
	}
	path := "/" + strings.Repeat("p", over)
	return append(all, Case{
		Name: "header/long-path", Title: "a path past the header's limit: refused",
		play: func(p *peer) {
			p.ask(request{path: path})
			p.wantStatus(http.StatusRequestHeaderFieldsTooLarge, http.StatusRequestURITooLong, http.StatusBadRequest, http.StatusNotFound)
		},
	}, Case{
		Name: "header/endless", Title: "a header without an end: refused or closed before 16 MiB of it",
		play: func(p *peer) {
			p.write([]byte("GET / HTTP/1.1\r\nHost: x\r\n"))
			piece := []byte(strings.Repeat("X-More: "+strings.Repeat("y", 1000)+"\r\n", 64))
			for sent := 0; sent < 16<<20; sent += len(piece) {
				if p.write(piece) {
					return
				}
			}
			p.wantGone(time.Second)
		},
	})
}
