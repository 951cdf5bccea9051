package load

import (
	"math/rand/v2"

	"github.com/godwit-ws/godwit/conn/deflate"
	"github.com/godwit-ws/godwit/frame"
)

// Sizes of a deck.
const (
	deckBytes = 256 << 10 // about how many bytes of messages it has
	minDeck   = 2         // messages, so that a message is told from the one before
	maxDeck   = 256
)

// windowBits is the window that messages are compressed with (RFC 7692 §7.1.2):
// the smallest that servers ask for by default.
const windowBits = 12

// deck is the messages of a run, encoded: all connections go through it in turn,
// from the front again after the last one. It isn't changed once it is made.
type deck struct {
	opcode frame.Opcode
	plain  [][]byte // the payloads
	wire   []byte   // their frames, one behind the other; then the first ones again
	begins []int    // where in wire each frame begins, and where the last ends
	bodies []int    // where in wire each frame's payload begins
}

// newDeck makes messages of a kind and size. span is how many of them are wanted
// in one piece.
func newDeck(kind string, size, span int, compress bool) *deck {
	d := &deck{opcode: frame.Text}
	if kind == Binary {
		d.opcode = frame.Binary
	}
	count := min(max(deckBytes/max(size, 1), minDeck), maxDeck)
	keys := make([]uint32, count)
	for i := range keys {
		d.plain = append(d.plain, makeContent(kind, size, uint64(i)))
		keys[i] = rand.Uint32()
	}
	d.wire = make([]byte, 0, (count+span)*(size+frame.MaxHeader))
	for i := range count + span {
		d.encode(d.plain[i%count], keys[i%count], compress)
	}
	d.begins = append(d.begins, len(d.wire))
	return d
}

// encode appends the frame of a message.
func (d *deck) encode(p []byte, key uint32, compress bool) {
	if compress {
		p = deflate.AppendSelfContained(nil, p, windowBits)
	}
	d.begins = append(d.begins, len(d.wire))
	h := frame.Header{Fin: true, Rsv1: compress, Masked: true, Opcode: d.opcode, Key: key, Length: int64(len(p))}
	d.wire = frame.AppendHeader(d.wire, h)
	body := len(d.wire)
	d.wire = append(d.wire, p...)
	frame.Mask(d.wire[body:], key)
	d.bodies = append(d.bodies, body)
}

// frames returns the frames of n messages, at most the span of the deck, from the
// given one on.
func (d *deck) frames(first, n int) []byte {
	first %= len(d.plain)
	return d.wire[d.begins[first]:d.begins[first+n]]
}

// message returns the payload of a message, as a server must send it.
func (d *deck) message(i int) []byte { return d.plain[i%len(d.plain)] }

// masked returns the payload of a message as it stands on the wire.
func (d *deck) masked(i int) []byte {
	i %= len(d.plain)
	return d.wire[d.bodies[i]:d.begins[i+1]]
}
