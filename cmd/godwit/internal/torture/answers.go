package torture

import (
	"fmt"
	"strings"
)

// answer is a server's answer to be spoilt.
type answer struct {
	status string   // of the first line
	drop   string   // name of a field that is left out
	accept string   // in place of the right one
	fields []string // further lines
	end    string   // of lines; "" means CRLF
}

func (a answer) text(key string) string {
	end := or(a.end, "\r\n")
	lines := []string{"Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: " + or(a.accept, acceptOf(key))}
	var b strings.Builder
	b.WriteString(or(a.status, "HTTP/1.1 101 Switching Protocols") + end)
	for _, line := range lines {
		if nameOf(line) != a.drop {
			b.WriteString(line + end)
		}
	}
	for _, line := range a.fields {
		b.WriteString(line + end)
	}
	return b.String() + end
}

// answers are a server's opening answers that a client must not take (RFC 6455 §4.1).
func answers() []Case {
	var all []Case
	for _, tt := range []struct {
		name, what string
		a          answer
	}{
		{"status-200", "status 200", answer{status: "HTTP/1.1 200 OK"}},
		{"status-102", "status 102", answer{status: "HTTP/1.1 102 Processing"}},
		{"status-404", "status 404", answer{status: "HTTP/1.1 404 Not Found"}},
		{"status-1010", "a status of four digits", answer{status: "HTTP/1.1 1010 Switching Protocols"}},
		{"status-text", "a status that is no number", answer{status: "HTTP/1.1 one Switching Protocols"}},
		{"http-1.0", "HTTP/1.0", answer{status: "HTTP/1.0 101 Switching Protocols"}},
		{"accept-none", "no Sec-WebSocket-Accept", answer{drop: "Sec-WebSocket-Accept"}},
		{"accept-other", "another key's Sec-WebSocket-Accept", answer{accept: acceptOf("AAAAAAAAAAAAAAAAAAAAAA==")}},
		{"accept-key", "the key itself as Sec-WebSocket-Accept", answer{accept: sampleKey}},
		{"accept-long", "a Sec-WebSocket-Accept of 1,000 bytes", answer{accept: strings.Repeat("A", 1000)}},
		{"upgrade-none", "no Upgrade", answer{drop: "Upgrade"}},
		{"connection-none", "no Connection", answer{drop: "Connection"}},
		{"extension-unasked", "an extension that nobody offered", answer{fields: []string{"Sec-WebSocket-Extensions: x-unheard-of"}}},
		{"extension-bits", "a window that can't be", answer{fields: []string{"Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=99"}}},
		{"extension-parameter", "a parameter that isn't known", answer{fields: []string{"Sec-WebSocket-Extensions: permessage-deflate; x=1"}}},
		{"extension-garbage", "extensions that are none", answer{fields: []string{"Sec-WebSocket-Extensions: ;;="}}},
		{"protocol-unasked", "a subprotocol that nobody offered", answer{fields: []string{"Sec-WebSocket-Protocol: x-unheard-of"}}},
		{"field-no-colon", "a field without a colon", answer{fields: []string{"Nonsense"}}},
		{"field-nul", "a value with NUL", answer{fields: []string{"X: a\x00b"}}},
		{"lines-cr", "lines that end in CR alone", answer{end: "\r"}},
	} {
		all = append(all, Case{Name: "answer/" + tt.name, Title: "an opening answer with " + tt.what + ": not taken", play: func(p *peer) {
			if r := p.readRequest(); p.err == nil {
				p.write([]byte(tt.a.text(r.Header.Get("Sec-WebSocket-Key"))))
				p.shutdown()
				p.wantNoFrames()
			}
		}})
	}
	for name, s := range map[string]string{
		"garbage":    "\x00\x01\x02\xff\r\n\r\n",
		"empty-line": "\r\n\r\n",
		"frames":     string(bytesOf(server, text("hello"))),
		"nothing":    "",
	} {
		all = append(all, Case{Name: "answer/" + name, Title: "what is no answer, " + name + ": not taken", play: func(p *peer) {
			p.readRequest()
			p.write([]byte(s))
			p.shutdown()
			p.wantNoFrames()
		}})
	}
	return append(all, Case{Name: "answer/bytewise", Title: "an answer a byte a write: taken", play: func(p *peer) {
		if r := p.readRequest(); p.err == nil {
			p.dribble([]byte(answer{}.text(r.Header.Get("Sec-WebSocket-Key"))), 1, 0, p.env.o.Patience)
			p.wantAlive()
			p.send(closeCode(1000, ""))
			p.wantClose(1000)
		}
	}})
}

// answerFloods are answers without an end.
func answerFloods(o Options) []Case {
	var all []Case
	for name, piece := range map[string]string{
		"endless-fields": strings.Repeat("X-More: "+strings.Repeat("y", 1000)+"\r\n", 64),
		"endless-field":  strings.Repeat("y", 64<<10),
	} {
		all = append(all, Case{Name: "answer/" + name, Title: fmt.Sprintf("an answer without an end, %s: given up before 64 MiB of it", name), play: func(p *peer) {
			p.readRequest()
			p.write([]byte("HTTP/1.1 101 Switching Protocols\r\nX: "))
			for sent := 0; sent < 64<<20; sent += len(piece) {
				if p.write([]byte(piece)) {
					return
				}
			}
			p.fail("the client takes an answer of 64 MiB")
		}})
	}
	if d := o.HandshakeTimeout; d > 0 {
		all = append(all, Case{Name: "answer/silence", Title: "no answer at all: given up within the handshake timeout", slow: true, play: func(p *peer) {
			p.readRequest()
			p.wantGone(d)
		}}, Case{Name: "answer/dribble", Title: "an answer a byte at a time, for longer than the handshake timeout: given up within it", slow: true, play: func(p *peer) {
			if r := p.readRequest(); p.err == nil {
				p.dribble([]byte(answer{fields: []string{"X-Slow: " + strings.Repeat("z", 1000)}}.text(r.Header.Get("Sec-WebSocket-Key"))), 1, d/20, d+margin)
				p.wantGone(d)
			}
		}})
	}
	return all
}
