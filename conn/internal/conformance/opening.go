package conformance

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
)

// acceptSalt is the GUID of RFC 6455 §1.3.
const acceptSalt = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// open does the opening handshake (RFC 6455 §4), with frames right behind it in
// the same write.
func (p *peer) open(v *variant, early []wire) {
	p.within(p.wait)
	if p.role == client {
		p.openClient(v, early)
	} else {
		p.openServer(v, early)
	}
}

// openClient sends a request and judges the answer.
func (p *peer) openClient(v *variant, early []wire) {
	var nonce [16]byte
	for i := range nonce {
		nonce[i] = byte(p.keys.Uint32())
	}
	key := base64.StdEncoding.EncodeToString(nonce[:])
	var b bytes.Buffer
	fmt.Fprintf(&b, "GET /conformance HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n", p.nc.RemoteAddr())
	fmt.Fprintf(&b, "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n", key)
	if v != nil {
		fmt.Fprintf(&b, "Sec-WebSocket-Extensions: %s\r\n", v.request())
	}
	b.WriteString("\r\n")
	p.write(p.appendAll(b.Bytes(), early), 0)
	if p.err != nil {
		return
	}
	resp, err := http.ReadResponse(p.r, &http.Request{Method: http.MethodGet})
	if err != nil {
		p.fail("reading the opening answer: %w", err)
		return
	}
	p.judge(resp, key, v)
}

// judge holds a server's answer to RFC 6455 §4.1.
func (p *peer) judge(resp *http.Response, key string, v *variant) {
	extensions := resp.Header.Values("Sec-WebSocket-Extensions")
	switch h := resp.Header; {
	case resp.StatusCode != http.StatusSwitchingProtocols:
		p.fail("opening answer: status %s", resp.Status)
	case !strings.EqualFold(h.Get("Upgrade"), "websocket") || !strings.EqualFold(h.Get("Connection"), "upgrade"):
		p.fail("opening answer: Upgrade %q, Connection %q", h.Get("Upgrade"), h.Get("Connection"))
	case h.Get("Sec-WebSocket-Accept") != acceptKey(key):
		p.fail("opening answer: Sec-WebSocket-Accept %q, want %q", h.Get("Sec-WebSocket-Accept"), acceptKey(key))
	case h.Get("Sec-WebSocket-Protocol") != "":
		p.fail("opening answer: a subprotocol that nobody asked for, %q", h.Get("Sec-WebSocket-Protocol"))
	case v == nil && len(extensions) > 0:
		p.fail("opening answer: extensions that nobody asked for, %q", extensions)
	case v != nil && len(extensions) != 1:
		p.fail("opening answer: extensions %q, want permessage-deflate once", extensions)
	case v != nil:
		p.codec, p.err = v.agreed(extensions[0])
	}
}

func acceptKey(key string) string {
	sum := sha1.Sum([]byte(key + acceptSalt))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// openServer reads a request, judges it and answers it.
func (p *peer) openServer(v *variant, early []wire) {
	r, err := http.ReadRequest(p.r)
	if err != nil {
		p.fail("reading the opening request: %w", err)
		return
	}
	p.judgeRequest(r)
	var b bytes.Buffer
	b.WriteString("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n")
	fmt.Fprintf(&b, "Sec-WebSocket-Accept: %s\r\n", acceptKey(r.Header.Get("Sec-WebSocket-Key")))
	if v != nil {
		answer, codec, err := v.answer(r.Header.Values("Sec-WebSocket-Extensions"))
		if err != nil {
			p.fail("opening request: %w", err)
			return
		}
		p.codec = codec
		fmt.Fprintf(&b, "Sec-WebSocket-Extensions: %s\r\n", answer)
	}
	b.WriteString("\r\n")
	p.write(p.appendAll(b.Bytes(), early), 0)
}

// judgeRequest holds a client's request to RFC 6455 §4.2.1.
func (p *peer) judgeRequest(r *http.Request) {
	key, err := base64.StdEncoding.DecodeString(r.Header.Get("Sec-WebSocket-Key"))
	switch h := r.Header; {
	case r.Method != http.MethodGet || !r.ProtoAtLeast(1, 1) || r.Host == "":
		p.fail("opening request: %s %s, Host %q", r.Method, r.Proto, r.Host)
	case !strings.EqualFold(h.Get("Upgrade"), "websocket") || !strings.EqualFold(h.Get("Connection"), "upgrade"):
		p.fail("opening request: Upgrade %q, Connection %q", h.Get("Upgrade"), h.Get("Connection"))
	case h.Get("Sec-WebSocket-Version") != "13":
		p.fail("opening request: version %q", h.Get("Sec-WebSocket-Version"))
	case err != nil || len(key) != 16:
		p.fail("opening request: Sec-WebSocket-Key %q", h.Get("Sec-WebSocket-Key"))
	}
}
