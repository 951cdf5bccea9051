package protocol

import (
	"bytes"
	"sync/atomic"

	"github.com/godwit-ws/godwit/conn/deflate"
	"github.com/godwit-ws/godwit/frame"
)

// Prepared is a message encoded once and sent on many connections. It is
// immutable and may be used by any number of goroutines at once; each encoded
// variant is made at its first use: one plain, and one compressed for each
// window size met (made without context, so that it fits every connection).
type Prepared struct {
	opcode  frame.Opcode
	payload []byte
	plain   []byte // an unmasked frame
	zipped  [maxWindowBits - minWindowBits + 1]atomic.Pointer[[]byte]
}

const (
	minWindowBits = 8
	maxWindowBits = 15
)

// NewPrepared returns a Prepared message with a copy of p. It returns ErrOpcode
// unless op is Text or Binary, and ErrNotUTF8 for text that isn't UTF-8.
func NewPrepared(op frame.Opcode, p []byte) (*Prepared, error) {
	if err := CheckMessage(op, p); err != nil {
		return nil, err
	}
	plain := frame.AppendHeader(nil, frame.Header{Fin: true, Opcode: op, Length: int64(len(p))})
	header := len(plain)
	plain = append(plain, p...)
	return &Prepared{opcode: op, plain: plain, payload: plain[header:]}, nil
}

// CheckMessage returns ErrOpcode unless op is Text or Binary, and ErrNotUTF8 for
// text that isn't UTF-8 (RFC 6455 §5.6).
func CheckMessage(op frame.Opcode, p []byte) error {
	switch {
	case op != frame.Text && op != frame.Binary:
		return ErrOpcode
	case op == frame.Text && !isText(p):
		return ErrNotUTF8
	}
	return nil
}

// isText reports whether p is UTF-8.
func isText(p []byte) bool {
	var text frame.UTF8
	return text.Feed(p) && text.Complete()
}

// Opcode returns Text or Binary.
func (m *Prepared) Opcode() frame.Opcode { return m.opcode }

// Len returns the length of the message in bytes.
func (m *Prepared) Len() int { return len(m.payload) }

// Payload returns a copy of the message.
func (m *Prepared) Payload() []byte { return bytes.Clone(m.payload) }

// AppendPrepared appends m, encoded as this connection wants it.
func (s *Sender) AppendPrepared(dst []byte, m *Prepared) []byte {
	switch {
	case s.Compresses(len(m.payload)):
		body := m.compressed(s.cfg.WindowBits)
		dst = s.appendFrame(dst, frame.Header{Fin: true, Rsv1: true, Opcode: m.opcode}, body)
		s.cfg.Compressor.Remember(m.payload) // RFC 7692 §7.1.1
		return dst
	case s.cfg.Role == Server && s.fits(len(m.payload)):
		return append(dst, m.plain...)
	}
	return s.AppendMessage(dst, m.opcode, m.payload)
}

// compressed returns the variant for a window of 1<<bits bytes. Two goroutines
// that need it first at once may both make it; one of the results stays.
func (m *Prepared) compressed(bits int) []byte {
	variant := &m.zipped[bits-minWindowBits]
	if made := variant.Load(); made != nil {
		return *made
	}
	made := deflate.AppendSelfContained(nil, m.payload, bits)
	variant.CompareAndSwap(nil, &made)
	return *variant.Load()
}
