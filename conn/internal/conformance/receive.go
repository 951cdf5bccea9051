package conformance

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/godwit-ws/godwit/frame"
)

// maxReceived is the longest payload that the peer takes, so that a wrong length
// gives an error in place of a long wait.
const maxReceived = 64 << 20

// event is what the endpoint under test has sent: a message or a control frame.
type event struct {
	op         frame.Opcode
	payload    []byte
	compressed bool
	onWire     int // bytes of payload as they came
}

// received is one frame.
type received struct {
	op      frame.Opcode
	fin     bool
	rsv     byte
	payload []byte
}

// next reads up to the end of the next message, or the next control frame.
func (p *peer) next() (event, error) {
	for {
		f, err := p.readFrame()
		if err != nil {
			return event{}, err
		}
		if f.op.IsControl() {
			return event{op: f.op, payload: f.payload}, p.checkControl(f)
		}
		ev, done, err := p.assemble(f)
		if done || err != nil {
			return ev, err
		}
	}
}

// readFrame reads a frame and checks what can be known of it alone.
func (p *peer) readFrame() (received, error) {
	var head [2]byte
	if _, err := io.ReadFull(p.r, head[:]); err != nil {
		return received{}, fmt.Errorf("reading a frame: %w", err)
	}
	f := received{op: frame.Opcode(head[0] & 0x0F), fin: head[0]&0x80 != 0, rsv: head[0] & 0x70}
	masked := head[1]&0x80 != 0
	switch {
	case f.op.IsReserved():
		return f, fmt.Errorf("received reserved %v", f.op)
	case f.rsv&(rsv2|rsv3) != 0 || f.rsv != 0 && p.codec == nil:
		return f, fmt.Errorf("received reserved bits %03b on %v", f.rsv>>4, f.op)
	case masked != (p.role == server):
		return f, fmt.Errorf("received %v with masked=%t from the wrong role", f.op, masked)
	}
	length, err := p.readLength(head[1] & 0x7F)
	if err != nil {
		return f, err
	}
	return f, p.readPayload(&f, length, masked)
}

// readLength reads the rest of a length, and wants it in its shortest form.
func (p *peer) readLength(short byte) (uint64, error) {
	var b [8]byte
	var n, least uint64
	switch short {
	default:
		return uint64(short), nil
	case 126:
		if _, err := io.ReadFull(p.r, b[:2]); err != nil {
			return 0, fmt.Errorf("reading a 16-bit length: %w", err)
		}
		n, least = uint64(binary.BigEndian.Uint16(b[:])), 126
	case 127:
		if _, err := io.ReadFull(p.r, b[:]); err != nil {
			return 0, fmt.Errorf("reading a 64-bit length: %w", err)
		}
		n, least = binary.BigEndian.Uint64(b[:]), 1<<16
	}
	if n < least || n > maxReceived {
		return 0, fmt.Errorf("received length %d after %d: not the shortest form, or too long", n, short)
	}
	return n, nil
}

func (p *peer) readPayload(f *received, length uint64, masked bool) error {
	var key [4]byte
	if masked {
		if _, err := io.ReadFull(p.r, key[:]); err != nil {
			return fmt.Errorf("reading a masking key: %w", err)
		}
		if p.masked && key == p.lastKey {
			return fmt.Errorf("received masking key % x twice in a row", key)
		}
		p.lastKey, p.masked = key, true
	}
	f.payload = make([]byte, length)
	if n, err := io.ReadFull(p.r, f.payload); err != nil {
		return fmt.Errorf("reading the payload of %v, %d of %d bytes: %w", f.op, n, length, err)
	}
	if masked {
		xor(f.payload, key)
	}
	p.trace.add(incoming, f.op, f.fin, f.rsv, f.payload)
	return nil
}

// checkControl holds a control frame to RFC 6455 §5.5.
func (p *peer) checkControl(f received) error {
	switch {
	case !f.fin:
		return fmt.Errorf("received a fragmented %v", f.op)
	case len(f.payload) > 125:
		return fmt.Errorf("received %v with %d bytes", f.op, len(f.payload))
	case f.rsv != 0:
		return fmt.Errorf("received %v with RSV1", f.op)
	case f.op != frame.Close || len(f.payload) == 0:
		return nil
	case len(f.payload) == 1:
		return errors.New("received a Close of one byte")
	case !sendable(binary.BigEndian.Uint16(f.payload)):
		return fmt.Errorf("received close code %d, which may not be sent", binary.BigEndian.Uint16(f.payload))
	case !utf8.Valid(f.payload[2:]):
		return fmt.Errorf("received a close reason that isn't UTF-8: %q", f.payload[2:])
	}
	return nil
}

// sendable is the table of close codes, in other words than frame's (RFC 6455
// §7.4, and the registry).
func sendable(code uint16) bool {
	switch code {
	case 1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014:
		return true
	}
	return code >= 3000 && code < 5000
}

// assemble adds a data frame to the message that it belongs to; done says that it
// was the last one (RFC 6455 §5.4).
func (p *peer) assemble(f received) (ev event, done bool, err error) {
	switch m := p.assembly; {
	case f.op == frame.Continuation && m == nil:
		return ev, false, errors.New("received a continuation of nothing")
	case f.op != frame.Continuation && m != nil:
		return ev, false, fmt.Errorf("received %v in the middle of a message", f.op)
	case f.op == frame.Continuation && f.rsv != 0:
		return ev, false, errors.New("received a continuation with RSV1")
	case m == nil:
		p.assembly = &event{op: f.op, payload: f.payload, compressed: f.rsv != 0}
	default:
		m.payload = append(m.payload, f.payload...)
	}
	if !f.fin {
		return ev, false, nil
	}
	ev, p.assembly = *p.assembly, nil
	ev.onWire = len(ev.payload)
	if ev.compressed {
		if ev.payload, err = p.codec.inflate(ev.payload); err != nil {
			return ev, true, fmt.Errorf("inflating a message of %d bytes: %w", ev.onWire, err)
		}
	}
	if ev.op == frame.Text && !utf8.Valid(ev.payload) {
		return ev, true, errors.New("received text that isn't UTF-8")
	}
	return ev, true, nil
}
