package conformance

import (
	"net"

	"github.com/godwit-ws/godwit/frame"
)

// Corpus is data of section 12, for tests of what it is made of.
type Corpus struct {
	Title string
	Op    frame.Opcode
	Data  []byte
	Cut   func(offset, n int) []byte
}

// Corpora returns the data of section 12.
func Corpora() []Corpus {
	var all []Corpus
	for _, c := range corpora() {
		all = append(all, Corpus{c.title, c.op, c.data, c.cut})
	}
	return all
}

// Impossible is impossible.
func Impossible(s string) int { return impossible(s) }

// CheckWindow is checkWindow.
func CheckWindow(src []byte, limit int) error { return checkWindow(src, limit) }

// Codec is the peer's compression.
type Codec struct{ c *codec }

// NewCodec returns a codec whose both directions have the window and forget or not.
func NewCodec(bits int, forget Forget) Codec {
	b := bounds{bits: bits, forget: bool(forget)}
	return Codec{newCodec(b, b)}
}

// Forget says whether context takeover is given up.
type Forget bool

// Deflate and Inflate are the codec's.
func (c Codec) Deflate(p []byte) []byte          { return c.c.deflate(p) }
func (c Codec) Inflate(p []byte) ([]byte, error) { return c.c.inflate(p) }

// Answer returns what a server that wishes for a window and for no context
// takeover answers to offers.
func Answer(offers string, bits int, forget Forget) (string, error) {
	v := &variant{wishes: []wish{{bits: bits, forget: bool(forget)}}}
	answer, _, err := v.answer([]string{offers})
	return answer, err
}

// Agreed judges an answer to an offer with these wishes.
func Agreed(answer string, bits int, forget Forget) error {
	v := &variant{wishes: []wish{{bits: bits, forget: bool(forget)}}}
	_, err := v.agreed(answer)
	return err
}

// Receive reads one message or control frame as a peer that plays a client, or a
// server, and with or without compression.
func Receive(nc net.Conn, masked, compression bool) error {
	p := newPeer(nc, client)
	if masked {
		p.role = server
	}
	if compression {
		p.codec = newCodec(bounds{}, bounds{})
	}
	_, err := p.next()
	return err
}

// Wire returns the bytes of a text frame from a client, with a length in 0, 16 or
// 64 bits and announced bytes that aren't there.
func Wire(s string, form int, announced uint64) []byte {
	w := text(s).longer(announced)
	switch form {
	case 16:
		w = w.as(in16)
	case 64:
		w = w.as(in64)
	}
	return newPeer(nil, client).appendAll(nil, []wire{w})
}

// Split returns the lengths of the fragments of n bytes.
func Split(n, size int) []int {
	var lengths []int
	for _, w := range split(binaries(make([]byte, n)), size) {
		lengths = append(lengths, len(w.payload))
	}
	return lengths
}
