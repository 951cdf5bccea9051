package protocol

import "github.com/godwit-ws/godwit/frame"

// Position says where in its message a fragment stands.
type Position bool

// The positions of a fragment.
const (
	More  Position = false // others follow
	Final Position = true  // the message ends with it
)

// Begin starts a fragmented message (RFC 6455 §5.4). Until its Final fragment
// only control frames may come in between.
func (s *Sender) Begin(op frame.Opcode) {
	s.next = op
	s.rsv1 = false
}

// AppendFragment appends the next fragment of the message begun, of any length.
// Whether the message is compressed is decided by the first: a message that
// starts with less than Threshold bytes and ends there is not.
func (s *Sender) AppendFragment(dst []byte, p []byte, pos Position) []byte {
	first := s.next != frame.Continuation
	if first {
		s.rsv1 = s.compressor != nil && (pos == More || s.Compresses(len(p)))
	}
	h := frame.Header{Fin: bool(pos), Rsv1: first && s.rsv1, Opcode: s.next}
	s.next = frame.Continuation
	if pos == Final {
		s.next = 0
	}
	if !s.rsv1 {
		return s.appendFrame(dst, h, p)
	}
	return s.appendMade(dst, h, len(p), func(dst []byte) []byte {
		if pos == Final {
			return s.compressor.AppendMessage(dst, p)
		}
		return s.compressor.AppendFragment(dst, p)
	})
}
