package protocol

import "github.com/godwit-ws/godwit/frame"

// whole takes the commonest thing there is without going through chunks: a message
// of one frame, not compressed, that lies in the received bytes from end to end and
// breaks no rule. ok is false for everything else, of which nothing is taken then: it
// goes the long way, where chunks are judged.
//
// Nothing is copied that is larger than a register: to read a value in one piece that was
// just written in several is a tenth of the work.
func (r *Receiver) whole(ev *Event) (ok bool, bad *frame.CloseError) {
	if r.mode != Whole || r.parser.Pending() {
		return false, nil
	}
	var h frame.Header
	n, err := h.Parse(r.in)
	if err != nil || h.Length > int64(len(r.in)-n) || !r.plain(&h) {
		return false, nil
	}
	end := n + int(h.Length)
	p := r.in[n:end:end]
	r.in = r.in[end:]
	switch {
	case h.Opcode == frame.Text:
		if !openText(p, &h) {
			return false, errText
		}
	case h.Masked:
		frame.Mask(p, h.Key)
	}
	r.finish()
	ev.Kind, ev.Opcode, ev.Last, ev.Taken = Message, h.Opcode, true, false
	ev.Payload, ev.Code, ev.Reason = p, 0, ""
	return true, nil
}

// plain reports whether h is the header of a message of one frame that isn't
// compressed and breaks none of the rules that violation and dataViolation hold.
func (s *state) plain(h *frame.Header) bool {
	return h.Fin && !h.Rsv1 && !h.Rsv2 && !h.Rsv3 &&
		(h.Opcode == frame.Text || h.Opcode == frame.Binary) &&
		h.Masked == (s.role == Server) && !s.inMessage &&
		s.maxFrames > 0 && h.Length <= s.maxSize
}

// openText unmasks and checks the whole text of a message (RFC 6455 §8.1).
func openText(p []byte, h *frame.Header) (ok bool) {
	if !h.Masked {
		return isText(p)
	}
	var text frame.UTF8
	_, ok = text.Unmask(p, h.Key)
	return ok && text.Complete()
}
