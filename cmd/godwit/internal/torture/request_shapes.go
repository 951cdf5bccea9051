package torture

import (
	"net/http"
	"slices"
	"strings"

	"github.com/godwit-ws/godwit/frame"
)

// shape is a case of an opening request.
func shape(name, title string, play func(*peer)) Case {
	return Case{Name: "handshake/" + name, Title: title, play: play}
}

// requestShapes are opening requests of odd shapes.
func requestShapes() []Case {
	return slices.Concat(rightRequests(), pipelinedRequests(), noRequests())
}

// rightRequests are to be accepted, but for the last, whose refusal says what would be.
func rightRequests() (all []Case) {
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
		all = append(all, shape(name, "an opening request that is right, "+name+": accepted, and the connection works", func(p *peer) {
			p.ask(q)
			p.wantOpen()
			p.wantAlive()
			p.finish()
		}))
	}
	return append(all,
		shape("bytewise", "an opening request a byte a write: accepted", func(p *peer) {
			p.dribble([]byte(request{}.text(p.env.target.host, p.env.target.path)), 1, 0, p.env.o.Patience)
			p.wantOpen()
			p.wantAlive()
			p.finish()
		}),
		shape("version-told", "an unknown version: the answer names the version that is spoken (RFC 6455 §4.4)", func(p *peer) {
			p.ask(request{instead: []string{"Sec-WebSocket-Version: 8"}})
			if resp := p.wantStatus(http.StatusBadRequest, http.StatusUpgradeRequired); p.err == nil && !strings.Contains(resp.Header.Get("Sec-WebSocket-Version"), "13") {
				p.weak("the answer doesn't name version 13")
			}
		}),
	)
}

// pipelinedRequests have more behind them in the same write.
func pipelinedRequests() []Case {
	return []Case{
		shape("pipelined", "the first frame in one write with the opening request: answered", func(p *peer) {
			p.write(append([]byte(request{}.text(p.env.target.host, p.env.target.path)), bytesOf(client, text("early"))...))
			p.wantOpenEarly()
			p.want(frame.Text, []byte("early"))
			p.finish()
		}),
		shape("pipelined-half", "half a frame in one write with the opening request, the rest later: answered", func(p *peer) {
			b := bytesOf(client, text("early"))
			p.write(append([]byte(request{}.text(p.env.target.host, p.env.target.path)), b[:4]...))
			p.wantOpenEarly()
			p.write(b[4:])
			p.want(frame.Text, []byte("early"))
			p.finish()
		}),
		shape("pipelined-violation", "a violation in one write with the opening request: accepted, then closed with 1002", func(p *peer) {
			p.write(append([]byte(request{}.text(p.env.target.host, p.env.target.path)), bytesOf(client, of(3, 0))...))
			p.wantOpenEarly()
			p.wantClose(frame.CodeProtocolError)
		}),
		shape("pipelined-request", "a second request behind a refused one: never accepted", func(p *peer) {
			p.ask(request{instead: []string{"Sec-WebSocket-Version: 8"}, fields: []string{"Content-Length: 0"}})
			p.wantStatus()
		}),
	}
}

// noRequests are no HTTP at all.
func noRequests() (all []Case) {
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
		all = append(all, shape(name, "what is no HTTP, "+name+": refused or closed, never accepted", func(p *peer) {
			p.write([]byte(s))
			p.shutdown()
			if resp := p.answer(); resp != nil && resp.StatusCode < 400 {
				p.fail("status %s", resp.Status)
			}
		}))
	}
	return all
}
