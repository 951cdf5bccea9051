package torture

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// acceptSalt is the GUID of RFC 6455 §1.3.
const acceptSalt = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// sampleKey is a key as a client may send it, and sampleAccept what belongs to it.
const sampleKey = "dGhlIHNhbXBsZSBub25jZQ=="

func acceptOf(key string) string {
	sum := sha1.Sum([]byte(key + acceptSalt))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// request is an opening request to be spoilt. Its zero parts are as they should be.
type request struct {
	method, path, proto string
	drop                string   // name of a field that is left out
	fields              []string // further lines
	instead             []string // lines in place of those of the same name
	end                 string   // of lines; "" means CRLF
	body                string
}

// text returns the request to a host.
func (q request) text(host, path string) string {
	method, proto, end := or(q.method, "GET"), or(q.proto, "HTTP/1.1"), or(q.end, "\r\n")
	path = or(q.path, path)
	lines := []string{
		"Host: " + host, "Upgrade: websocket", "Connection: Upgrade",
		"Sec-WebSocket-Key: " + sampleKey, "Sec-WebSocket-Version: 13",
	}
	var b strings.Builder
	b.WriteString(method + " " + path + " " + proto + end)
	for _, line := range lines {
		if name := nameOf(line); name != q.drop && !q.replaces(name) {
			b.WriteString(line + end)
		}
	}
	for _, line := range append(q.instead[:len(q.instead):len(q.instead)], q.fields...) {
		b.WriteString(line + end)
	}
	return b.String() + end + q.body
}

func (q request) replaces(name string) bool {
	for _, line := range q.instead {
		if strings.EqualFold(nameOf(line), name) {
			return true
		}
	}
	return false
}

func nameOf(line string) string {
	name, _, _ := strings.Cut(line, ":")
	return name
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// ask sends an opening request.
func (p *peer) ask(q request) { p.write([]byte(q.text(p.env.target.host, p.env.target.path))) }

// answer reads the answer to an opening request; nil if there is none.
func (p *peer) answer() *http.Response {
	if p.err != nil {
		return nil
	}
	p.within(p.env.o.Patience)
	resp, err := http.ReadResponse(p.r, &http.Request{Method: http.MethodGet})
	if timedOut(err) {
		p.fail("no answer within %v", p.env.o.Patience)
	}
	if err != nil {
		return nil
	}
	return resp
}

// wantStatus wants a request refused: with one of the statuses, or with any from 400 to
// 599 if there is none.
func (p *peer) wantStatus(statuses ...int) *http.Response {
	resp := p.answer()
	switch {
	case p.err != nil:
		return nil
	case resp == nil:
		p.weak("the connection was closed without an answer, want a status from 400 to 599")
	case resp.StatusCode < 400 || resp.StatusCode > 599:
		p.taken = resp.StatusCode == http.StatusSwitchingProtocols
		p.fail("status %s, want the request refused with one from 400 to 599", resp.Status)
	case len(statuses) > 0 && !contains(statuses, resp.StatusCode):
		p.weak("status %s, want %v", resp.Status, statuses)
	}
	return resp
}

func contains(statuses []int, status int) bool {
	for _, s := range statuses {
		if s == status {
			return true
		}
	}
	return false
}

// wantOpen wants a request accepted (RFC 6455 §4.2.2), and the connection in working
// order.
func (p *peer) wantOpen() {
	resp := p.answer()
	switch {
	case p.err != nil:
	case resp == nil:
		p.fail("the connection was closed without an answer, want 101")
	case resp.StatusCode != http.StatusSwitchingProtocols:
		p.fail("status %s, want 101", resp.Status)
	case resp.Header.Get("Sec-WebSocket-Accept") != acceptOf(sampleKey):
		p.taken = true
		p.fail("Sec-WebSocket-Accept %q", resp.Header.Get("Sec-WebSocket-Accept"))
	case len(resp.Header.Values("Sec-WebSocket-Extensions")) > 0:
		p.agree(resp.Header.Values("Sec-WebSocket-Extensions"))
	}
}

// wantOpenEarly is wantOpen behind a request that frames follow at once. A server may
// refuse that: the client should have waited (RFC 6455 §4.1).
func (p *peer) wantOpenEarly() {
	if p.wantOpen(); p.err != nil && !p.taken {
		p.err = &weakness{p.err}
	}
}

// agree takes the parameters of permessage-deflate as the server has chosen them.
func (p *peer) agree(extensions []string) {
	all := strings.Join(extensions, ", ")
	if !strings.HasPrefix(all, "permessage-deflate") {
		p.fail("extensions %q, which nobody offered", all)
		return
	}
	p.inflater = &inflater{forget: strings.Contains(all, p.env.other()+"_no_context_takeover")}
	p.deflater = newDeflater(strings.Contains(all, p.env.own()+"_no_context_takeover"), windowOf(all, p.env.own()))
}

// open does the opening handshake, as client or server, with extensions offered.
func (p *peer) open(extensions ...string) {
	if p.err != nil {
		return
	}
	if p.env.role == server {
		p.openServer(len(extensions) > 0)
		return
	}
	var q request
	for _, e := range extensions {
		q.fields = append(q.fields, "Sec-WebSocket-Extensions: "+e)
	}
	p.ask(q)
	p.wantOpen()
	if len(extensions) > 0 && p.err == nil && p.inflater == nil {
		p.err = errSkip
	}
}

// openServer reads a client's request and accepts it.
func (p *peer) openServer(compress bool) {
	r := p.readRequest()
	if p.err != nil {
		return
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n",
		acceptOf(r.Header.Get("Sec-WebSocket-Key")))
	if compress {
		if !strings.Contains(strings.Join(r.Header.Values("Sec-WebSocket-Extensions"), ","), "permessage-deflate") {
			p.err = errSkip
			return
		}
		const extension = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
		fmt.Fprintf(&b, "Sec-WebSocket-Extensions: %s\r\n", extension)
		p.agree([]string{extension})
	}
	b.WriteString("\r\n")
	p.write(b.Bytes())
}

// readRequest reads a client's opening request.
func (p *peer) readRequest() *http.Request {
	p.within(p.env.o.Patience)
	r, err := http.ReadRequest(p.r)
	if err != nil {
		p.fail("reading the opening request: %w", err)
		return nil
	}
	return r
}

// wantNoFrames wants a client to drop the connection, and to have sent nothing on it.
func (p *peer) wantNoFrames() {
	if p.err != nil {
		return
	}
	p.within(p.env.o.Patience)
	n, err := io.Copy(io.Discard, p.r)
	switch {
	case timedOut(err):
		p.fail("the client still holds the connection %v after a bad answer", p.env.o.Patience)
	case n > 0:
		p.fail("the client took a bad answer: it has sent %d bytes", n)
	}
}

func newReader(r io.Reader) *bufio.Reader { return bufio.NewReaderSize(r, 16<<10) }
