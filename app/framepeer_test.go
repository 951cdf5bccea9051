package app_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
)

// sampleKey is the key of RFC 6455 §1.3, and sampleAccept what belongs to it.
const (
	sampleKey    = "dGhlIHNhbXBsZSBub25jZQ=="
	sampleAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
)

// opening is an opening request for a path, with more fields, each without its end
// of line.
func opening(host, path string, fields ...string) string {
	lines := append([]string{
		"GET " + path + " HTTP/1.1", "Host: " + host, "Upgrade: websocket", "Connection: Upgrade",
		"Sec-WebSocket-Key: " + sampleKey, "Sec-WebSocket-Version: 13",
	}, fields...)
	return strings.Join(lines, "\r\n") + "\r\n\r\n"
}

// framePeer is a client that speaks in frames, right ones and wrong ones.
type framePeer struct {
	t        *testing.T
	nc       net.Conn
	in       *bufio.Reader
	answer   *http.Response
	patience time.Duration
	frames   chan received // closed at the end of the stream
	end      error         // how the stream ended, once frames is closed
}

// received is a frame from the server.
type received struct {
	frame.Header
	payload []byte
}

// openFrames connects to a server's URL (serve) over TCP.
func openFrames(t *testing.T, url, path string, fields ...string) *framePeer {
	t.Helper()
	host := strings.TrimPrefix(url, "ws://")
	nc, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	p := newFramePeer(t, nc, host, path, fields...)
	p.patience = limit
	p.listen()
	return p
}

// newFramePeer does the opening handshake.
func newFramePeer(t *testing.T, nc net.Conn, host, path string, fields ...string) *framePeer {
	t.Helper()
	t.Cleanup(func() { nc.Close() })
	p := &framePeer{t: t, nc: nc, in: bufio.NewReader(nc), patience: forEver, frames: make(chan received, 1<<16)}
	p.write([]byte(opening(host, path, fields...)))
	answer, err := http.ReadResponse(p.in, nil)
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	if answer.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("answered %s", answer.Status)
	}
	p.answer = answer
	return p
}

// listen takes in frames from now on, until the server closes its direction, and
// then closes the connection.
func (p *framePeer) listen() {
	go func() {
		defer close(p.frames)
		defer p.nc.Close()
		for p.end == nil {
			var f received
			if f, p.end = readFrame(p.in); p.end == nil {
				p.frames <- f
			}
		}
	}()
}

// readFrame reads one frame.
func readFrame(in *bufio.Reader) (received, error) {
	head := make([]byte, 0, 14)
	for {
		b, err := in.ReadByte()
		if err != nil {
			return received{}, err
		}
		head = append(head, b)
		h, _, err := frame.ParseHeader(head)
		if errors.Is(err, frame.ErrShort) {
			continue
		}
		if err != nil {
			return received{}, err
		}
		payload := make([]byte, h.Length)
		_, err = io.ReadFull(in, payload)
		return received{h, payload}, err
	}
}

// write sends bytes as they are.
func (p *framePeer) write(parts ...[]byte) {
	p.t.Helper()
	if _, err := p.nc.Write(bytes.Join(parts, nil)); err != nil {
		p.t.Fatalf("write: %v", err)
	}
}

// next returns the next frame; false at the end of the stream.
func (p *framePeer) next() (received, bool) {
	p.t.Helper()
	select {
	case f, ok := <-p.frames:
		return f, ok
	case <-time.After(p.patience):
		p.t.Fatalf("no frame within %v", p.patience)
		panic("unreachable")
	}
}

// want compares the next frames, all of them whole messages or control frames.
func (p *framePeer) want(op conn.Opcode, payloads ...string) {
	p.t.Helper()
	for _, payload := range payloads {
		f, ok := p.next()
		if !ok {
			p.t.Fatalf("the connection ended (%v), want %v %q", p.end, op, shorten(payload))
		}
		if f.Opcode != op || !f.Fin || f.Masked || string(f.payload) != payload {
			p.t.Fatalf("got %v fin=%v masked=%v %q, want %v %q", f.Opcode, f.Fin, f.Masked, shorten(string(f.payload)), op, shorten(payload))
		}
	}
}

// wantClose compares the Close frame that comes next.
func (p *framePeer) wantClose(code conn.Code, reason string) {
	p.t.Helper()
	f, ok := p.next()
	if !ok {
		p.t.Fatalf("the connection ended (%v), want Close %d", p.end, code)
	}
	if f.Opcode != frame.Close {
		p.t.Fatalf("got %v %q, want Close %d", f.Opcode, shorten(string(f.payload)), code)
	}
	got, text, err := frame.ParseClosePayload(f.payload)
	if err != nil || got != code || text != reason {
		p.t.Fatalf("Close %d %q (%v), want %d %q", got, text, err, code, reason)
	}
}

// wantFail waits for a Close frame with that code, whatever its reason, answers it,
// and waits for the end behind it.
func (p *framePeer) wantFail(code conn.Code) {
	p.t.Helper()
	for {
		f, ok := p.next()
		if !ok {
			p.t.Fatalf("the connection ended (%v), want Close %d", p.end, code)
		}
		if f.Opcode != frame.Close {
			continue
		}
		if got, reason, err := frame.ParseClosePayload(f.payload); err != nil || got != code {
			p.t.Errorf("Close %d %q (%v), want %d", got, reason, err, code)
		}
		p.nc.Write(closing(code, "")) // the server may not listen any more
		break
	}
	p.wantEnd()
}

// wantEnd checks that no further frame comes before the end of the stream.
func (p *framePeer) wantEnd() {
	p.t.Helper()
	if f, ok := p.next(); ok {
		p.t.Fatalf("got %v %q, want the end", f.Opcode, shorten(string(f.payload)))
	}
}

// close does the closing handshake: the answer is the same code, and no reason.
func (p *framePeer) close(code conn.Code, reason string) {
	p.t.Helper()
	p.write(closing(code, reason))
	p.wantClose(code, "")
	p.wantEnd()
}

// maskKey masks what is sent here.
const maskKey = 0x44332211

// whole is a masked frame of a whole message, or a control frame.
func whole(op conn.Opcode, payload string) []byte {
	return encode(frame.Header{Fin: true, Opcode: op}, payload)
}

// part is a masked frame that more of the message follows.
func part(op conn.Opcode, payload string) []byte {
	return encode(frame.Header{Opcode: op}, payload)
}

// encode completes a header and puts the payload behind it, masked.
func encode(h frame.Header, payload string) []byte {
	h.Masked, h.Key, h.Length = true, maskKey, int64(len(payload))
	p := []byte(payload)
	frame.Mask(p, maskKey)
	return append(frame.AppendHeader(nil, h), p...)
}

// closing is a masked Close frame, whatever the code.
func closing(code conn.Code, reason string) []byte {
	return whole(frame.Close, string(binary.BigEndian.AppendUint16(nil, uint16(code)))+reason)
}

// shorten is a payload as messages show it.
func shorten(text string) string {
	if len(text) <= 80 {
		return text
	}
	return fmt.Sprintf("%s… (%d bytes)", text[:80], len(text))
}
