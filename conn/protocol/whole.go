package protocol

import (
	"encoding/binary"

	"github.com/godwit-ws/godwit/frame"
)

// whole hands out the message at the front of what was received, if it is of the
// most common kind: one data frame that is all there, of less than 64 KiB, not
// compressed, and within the limits, while no other message is under way. It judges
// nothing: all that isn't plainly so is left to the rules, by way of Next.
func (r *Receiver) whole() (ev Event, ok bool, bad *frame.CloseError) {
	in := r.in
	if len(in) < 2 || r.opcode != 0 || r.mode != Whole || r.maxFrames < 1 || r.parser.Pending() {
		return Event{}, false, nil
	}
	op := frame.Opcode(in[0] & 0x0F)
	if in[0]&0xF0 != finBit || op != frame.Text && op != frame.Binary || (in[1]&maskBit != 0) != (r.role == Server) {
		return Event{}, false, nil
	}
	n, at := int(in[1]&^maskBit), 2
	if n >= length16 {
		if n > length16 || len(in) < 4 {
			return Event{}, false, nil
		}
		n, at = int(binary.BigEndian.Uint16(in[2:])), 4
		if n < length16 { // not in shortest form
			return Event{}, false, nil
		}
	}
	if r.role == Server {
		at += 4
	}
	if len(in)-at < n || int64(n) > r.maxSize {
		return Event{}, false, nil
	}
	return r.openWhole(op, at, n)
}

// Parts of a frame's first two bytes (RFC 6455 §5.2).
const (
	finBit   = 0x80
	maskBit  = 0x80
	length16 = 126 // two bytes of length follow
)

// openWhole hands out the n bytes that begin at in[at], behind the mask if there is
// one.
func (r *Receiver) openWhole(op frame.Opcode, at, n int) (Event, bool, *frame.CloseError) {
	c := frame.Chunk{Payload: r.in[at : at+n : at+n]}
	if r.role == Server {
		c.Header.Masked, c.Key = true, binary.LittleEndian.Uint32(r.in[at-4:])
	}
	r.in = r.in[at+n:]
	r.opcode, r.running, r.ended = op, op, true
	r.text.Reset()
	if !r.open(c) || op == frame.Text && !r.text.Complete() {
		return Event{}, false, errText // RFC 6455 §8.1
	}
	r.finish()
	return Event{Kind: Message, Opcode: op, Last: true, Payload: c.Payload}, true, nil
}
