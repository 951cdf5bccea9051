package conformance

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/godwit-ws/godwit/frame"
)

// want waits for one event and compares it.
func (p *peer) want(op frame.Opcode, payload []byte) (ev event) {
	if p.err != nil {
		return event{}
	}
	p.within(p.wait)
	ev, err := p.next()
	switch {
	case err != nil:
		p.fail("want %v of %d bytes: %w", op, len(payload), err)
	case ev.op != op:
		p.fail("want %v %s, got %v %s", op, quote(payload), ev.op, quote(ev.payload))
	case !bytes.Equal(ev.payload, payload):
		p.fail("want %v %s, got %s (%d bytes, want %d)", op, quote(payload), quote(ev.payload), len(ev.payload), len(payload))
	}
	return ev
}

// quote shows a payload that may be long.
func quote(b []byte) string {
	if len(b) > 40 {
		return strconv.Quote(string(b[:40])) + "…"
	}
	return strconv.Quote(string(b))
}

func (p *peer) wantText(s string)     { p.want(frame.Text, []byte(s)) }
func (p *peer) wantBinary(b []byte)   { p.want(frame.Binary, b) }
func (p *peer) wantPong(s string)     { p.want(frame.Pong, []byte(s)) }
func (p *peer) wantEcho(w wire) event { return p.want(w.op, w.payload) }

// wantClose waits for a Close frame with the code, or with none if code is
// CodeNoStatus; answers it unless it is an answer itself; and waits for the end.
func (p *peer) wantClose(code frame.Code) {
	p.wantCloseFrame(code)
	p.wantEnd()
}

func (p *peer) wantCloseFrame(code frame.Code) {
	p.receiveClose(code)
	if p.err != nil || p.closed {
		return
	}
	p.write(make([]byte, p.owed), 0) // so that our Close is seen to be one
	if code == frame.CodeNoStatus {
		p.send(closeFrame(""))
		return
	}
	p.send(closeCode(uint16(code), ""))
}

// receiveClose waits for a Close frame with the code, and returns its reason.
func (p *peer) receiveClose(code frame.Code) (reason string) {
	if p.err != nil {
		return ""
	}
	p.within(p.wait)
	ev, err := p.next()
	reason = string(ev.payload[min(2, len(ev.payload)):])
	switch {
	case err != nil:
		p.fail("want Close with %v: %w", code, err)
	case ev.op != frame.Close:
		p.fail("want Close with %v, got %v %s", code, ev.op, quote(ev.payload))
	case closeCodeOf(ev) != code:
		p.fail("want Close with %v, got %v with reason %q", code, closeCodeOf(ev), reason)
	}
	return reason
}

func closeCodeOf(ev event) frame.Code {
	if len(ev.payload) < 2 {
		return frame.CodeNoStatus
	}
	return frame.Code(binary.BigEndian.Uint16(ev.payload))
}

// wantEnd waits for the end of the connection. A server is to end its direction
// first, so as a client the peer leaves its own one open; as a server it goes
// ahead (RFC 6455 §7.1.1).
func (p *peer) wantEnd() {
	if p.err != nil {
		return
	}
	if p.role == server {
		p.shutdown()
	}
	p.within(endWithin)
	switch b, err := p.r.ReadByte(); {
	case err == nil:
		p.fail("want the end of the connection, got a frame that begins with %#02x", b)
	case errors.Is(err, os.ErrDeadlineExceeded):
		p.fail("want the end of the connection, it is still open %v after the Close", endWithin)
	case err != io.EOF: // as bufio.Reader returns it
		p.fail("want an orderly end of the connection: %w", err)
	}
}

// wantGone waits until the endpoint has let go of the connection though our own
// direction is still open: until what we send is refused.
func (p *peer) wantGone() {
	if p.err != nil {
		return
	}
	tick := time.NewTicker(lull)
	defer tick.Stop()
	for end := time.Now().Add(goneWithin); time.Now().Before(end); <-tick.C {
		p.within(p.wait)
		if _, err := p.nc.Write([]byte{0}); err != nil {
			return
		}
	}
	p.fail("want the connection gone, it still takes bytes %v after the Close", goneWithin)
}

// finish closes the connection in order (RFC 6455 §7.1.2).
func (p *peer) finish() {
	p.send(closing1000())
	p.wantClose(frame.CodeNormal)
}

// quiet expects that nothing comes for a while.
func (p *peer) quiet() {
	if p.err != nil {
		return
	}
	p.within(lull)
	switch b, err := p.r.Peek(1); {
	case err == nil:
		p.fail("want silence, got a frame that begins with %#02x", b[0])
	case !errors.Is(err, os.ErrDeadlineExceeded):
		p.fail("want silence: %w", err)
	}
}
