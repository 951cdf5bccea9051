package conformance

import (
	"crypto/subtle"
	"encoding/binary"

	"github.com/godwit-ws/godwit/frame"
)

// wire is a frame as it shall stand on the wire, right or wrong.
type wire struct {
	op       frame.Opcode
	more     bool // FIN is clear
	rsv      byte // rsv1, rsv2, rsv3
	payload  []byte
	announce uint64     // what is added to the length in the header beyond payload
	form     lengthForm // how the length is written
	unlawful bool       // masked by a server, not masked by a client
	raw      bool       // payload is a whole frame, or anything else
}

// The reserved bits, as they stand in the first byte.
const (
	rsv1 = 0x40
	rsv2 = 0x20
	rsv3 = 0x10
)

// lengthForm is how a length is written (RFC 6455 §5.2).
type lengthForm int

const (
	shortest lengthForm = iota
	in16
	in64
)

func text(s string) wire                      { return wire{op: frame.Text, payload: []byte(s)} }
func binaries(p []byte) wire                  { return wire{op: frame.Binary, payload: p} }
func ping(s string) wire                      { return wire{op: frame.Ping, payload: []byte(s)} }
func pong(s string) wire                      { return wire{op: frame.Pong, payload: []byte(s)} }
func continuation(s string) wire              { return wire{op: frame.Continuation, payload: []byte(s)} }
func ofOpcode(op frame.Opcode, s string) wire { return wire{op: op, payload: []byte(s)} }
func closeFrame(payload string) wire          { return wire{op: frame.Close, payload: []byte(payload)} }
func closing1000() wire                       { return closeCode(uint16(frame.CodeNormal), "") }
func rawBytes(b ...byte) wire                 { return wire{raw: true, payload: b} }
func closeCode(code uint16, reason string) wire {
	return wire{op: frame.Close, payload: append(binary.BigEndian.AppendUint16(nil, code), reason...)}
}

// unfinished returns w with FIN clear.
func (w wire) unfinished() wire { w.more = true; return w }

// with returns w with the reserved bits.
func (w wire) with(rsv byte) wire { w.rsv = rsv; return w }

// longer returns w with n more bytes announced than it has.
func (w wire) longer(n uint64) wire { w.announce = n; return w }

// as returns w with its length in another form.
func (w wire) as(f lengthForm) wire { w.form = f; return w }

// illMasked returns w masked where it may not be, or the other way round.
func (w wire) illMasked() wire { w.unlawful = true; return w }

// send writes the frames in one write.
func (p *peer) send(frames ...wire) { p.sendChopped(0, frames...) }

// sendEach writes each frame in a write of its own.
func (p *peer) sendEach(frames ...wire) {
	for _, w := range frames {
		p.send(w)
	}
}

// sendChopped writes the frames in pieces of n bytes, wherever they begin and end.
func (p *peer) sendChopped(n int, frames ...wire) {
	if p.err != nil {
		return
	}
	p.write(p.appendAll(nil, frames), n)
}

func (p *peer) appendAll(dst []byte, frames []wire) []byte {
	size := 0
	for _, w := range frames {
		size += 14 + len(w.payload)
	}
	if dst == nil {
		dst = make([]byte, 0, size)
	}
	for _, w := range frames {
		dst = p.appendFrame(dst, w)
	}
	return dst
}

// maxOwed is the longest rest of a frame that is sent once it has done its duty.
const maxOwed = 1 << 20

// appendFrame puts a frame into bytes (RFC 6455 §5.2).
func (p *peer) appendFrame(dst []byte, w wire) []byte {
	p.trace.add(outgoing, w.op, !w.more, w.rsv, w.payload)
	if w.raw {
		return append(dst, w.payload...)
	}
	if w.op == frame.Close {
		p.closed = true
	}
	p.owed = 0
	if w.announce <= maxOwed {
		p.owed = int(w.announce)
	}
	first := byte(w.op) | w.rsv
	if !w.more {
		first |= 0x80
	}
	dst = append(dst, first)
	var mask byte
	if (p.role == client) != w.unlawful {
		mask = 0x80
	}
	dst = appendLength(dst, uint64(len(w.payload))+w.announce, mask, w.form)
	if mask == 0 {
		return append(dst, w.payload...)
	}
	var key [4]byte
	binary.NativeEndian.PutUint32(key[:], p.keys.Uint32())
	dst = append(dst, key[:]...)
	at := len(dst)
	dst = append(dst, w.payload...)
	xor(dst[at:], key)
	return dst
}

func appendLength(dst []byte, n uint64, mask byte, form lengthForm) []byte {
	switch {
	case form == in64 || form == shortest && n > 0xFFFF:
		return binary.BigEndian.AppendUint64(append(dst, mask|127), n)
	case form == in16 || n > 125:
		return binary.BigEndian.AppendUint16(append(dst, mask|126), uint16(n))
	}
	return append(dst, mask|byte(n))
}

// xor masks or unmasks p (RFC 6455 §5.3).
func xor(p []byte, key [4]byte) {
	var pad [1024]byte
	for i := range pad {
		pad[i] = key[i%4]
	}
	for len(p) > 0 {
		n := min(len(p), len(pad))
		subtle.XORBytes(p[:n], p[:n], pad[:n])
		p = p[n:]
	}
}
