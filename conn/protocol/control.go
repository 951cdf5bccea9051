package protocol

import "github.com/godwit-ws/godwit/frame"

// AppendControl appends a Ping or Pong (RFC 6455 §5.5). It returns ErrControl if
// p is longer than frame.MaxControl, and ErrClosed after the Close frame, with
// dst as it was.
func (s *Sender) AppendControl(dst []byte, op frame.Opcode, p []byte) ([]byte, error) {
	switch {
	case s.closed:
		return dst, ErrClosed
	case len(p) > frame.MaxControl:
		return dst, ErrControl
	}
	return s.appendFrame(dst, frame.Header{Fin: true, Opcode: op}, p), nil
}

// AppendClose appends the Close frame (RFC 6455 §5.5.1), after which Closed is
// true. CodeNoStatus makes it empty. It returns ErrClosed if there was one
// before, and the errors of frame.AppendClosePayload, with dst as it was.
func (s *Sender) AppendClose(dst []byte, code frame.Code, reason string) ([]byte, error) {
	if s.closed {
		return dst, ErrClosed
	}
	var room [frame.MaxControl]byte
	payload, err := frame.AppendClosePayload(room[:0], code, reason)
	if err != nil {
		return dst, err
	}
	s.closed = true
	return s.appendFrame(dst, frame.Header{Fin: true, Opcode: frame.Close}, payload), nil
}
