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
// only control frames may come in between, and the caller sees to that.
func (s *Sender) Begin(op frame.Opcode) { s.next = op }

// AppendFragment appends the next fragment of the message begun, of any length.
// Whether the message is compressed is decided by the first: a message that
// starts with less than Threshold bytes and ends there is not.
func (s *Sender) AppendFragment(dst []byte, p []byte, pos Position) []byte {
	first := s.next != frame.Continuation
	if first {
		s.rsv1 = s.Compressing() && (pos == More || s.Compresses(len(p)))
	}
	h := frame.Header{Fin: bool(pos), Rsv1: first && s.rsv1, Opcode: s.next}
	s.next = frame.Continuation
	if !s.rsv1 {
		return s.appendFrame(dst, h, p)
	}
	start := len(dst)
	dst = openFrame(dst, len(p))
	if pos == Final {
		dst = s.cfg.Compressor.AppendMessage(dst, p)
	} else {
		dst = s.cfg.Compressor.AppendFragment(dst, p)
	}
	return s.closeFrame(dst, start, h)
}
