package torture

import (
	"encoding/binary"
	"math/rand/v2"

	"github.com/godwit-ws/godwit/frame"
)

// wire is a frame as it shall stand on the wire, right or wrong.
type wire struct {
	op       frame.Opcode
	more     bool   // FIN is clear
	rsv      byte   // rsv1, rsv2, rsv3
	payload  []byte // what is sent of it
	length   uint64 // what is announced, if it isn't the payload's length
	lies     bool   // length is what is announced
	form     form
	unlawful bool // masked by a server, not masked by a client
}

// The reserved bits, as they stand in the first byte (RFC 6455 §5.2).
const (
	rsv1 = 0x40
	rsv2 = 0x20
	rsv3 = 0x10
)

// form is how a length is written (RFC 6455 §5.2).
type form int

const (
	shortest form = iota
	in16
	in64
)

func text(s string) wire             { return wire{op: frame.Text, payload: []byte(s)} }
func binaries(p []byte) wire         { return wire{op: frame.Binary, payload: p} }
func ping(s string) wire             { return wire{op: frame.Ping, payload: []byte(s)} }
func pong(s string) wire             { return wire{op: frame.Pong, payload: []byte(s)} }
func continuation(s string) wire     { return wire{op: frame.Continuation, payload: []byte(s)} }
func closing(payload string) wire    { return wire{op: frame.Close, payload: []byte(payload)} }
func of(op frame.Opcode, n int) wire { return wire{op: op, payload: make([]byte, n)} }
func closeCode(c frame.Code, reason string) wire {
	return wire{op: frame.Close, payload: append(binary.BigEndian.AppendUint16(nil, uint16(c)), reason...)}
}

// unfinished returns w with FIN clear.
func (w wire) unfinished() wire { w.more = true; return w }

// with returns w with the reserved bits.
func (w wire) with(rsv byte) wire { w.rsv = rsv; return w }

// announcing returns w with another length in its header than its payload has.
func (w wire) announcing(n uint64) wire { w.length, w.lies = n, true; return w }

// as returns w with its length in another form.
func (w wire) as(f form) wire { w.form = f; return w }

// misMasked returns w masked where it may not be, or the other way round.
func (w wire) misMasked() wire { w.unlawful = true; return w }

// appendFrame puts w into bytes, as the role has to.
func appendFrame(dst []byte, role role, w wire) []byte {
	first := byte(w.op) | w.rsv
	if !w.more {
		first |= 0x80
	}
	n := uint64(len(w.payload))
	if w.lies {
		n = w.length
	}
	masked := (role == client) != w.unlawful
	var bit byte
	if masked {
		bit = 0x80
	}
	dst = appendLength(append(dst, first), n, bit, w.form)
	if !masked {
		return append(dst, w.payload...)
	}
	var key [4]byte
	binary.NativeEndian.PutUint32(key[:], rand.Uint32())
	dst = append(dst, key[:]...)
	at := len(dst)
	dst = append(dst, w.payload...)
	unmask(dst[at:], key)
	return dst
}

func appendLength(dst []byte, n uint64, bit byte, f form) []byte {
	switch {
	case f == in64 || f == shortest && n > 0xFFFF:
		return binary.BigEndian.AppendUint64(append(dst, bit|127), n)
	case f == in16 || n > 125:
		return binary.BigEndian.AppendUint16(append(dst, bit|126), uint16(n))
	}
	return append(dst, bit|byte(n))
}

// unmask masks or unmasks p (RFC 6455 §5.3).
func unmask(p []byte, key [4]byte) {
	for i := range p {
		p[i] ^= key[i%4]
	}
}

// bytesOf returns frames as one run of bytes.
func bytesOf(role role, frames ...wire) []byte {
	var b []byte
	for _, w := range frames {
		b = appendFrame(b, role, w)
	}
	return b
}
