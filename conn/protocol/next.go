package protocol

import "github.com/godwit-ws/godwit/frame"

// Next returns what the received bytes hold next. When they are used up it
// returns frame.ErrShort, unwrapped. A violation gives the *frame.CloseError to
// fail the connection with (RFC 6455 §7.1.7), now and on each later call. After
// the peer's Close all bytes are dropped.
func (r *Receiver) Next() (ev Event, err error) {
	err = r.NextInto(&ev)
	return ev, err
}

// NextInto is Next with an Event of the caller's, whose content is lost. Where many
// short messages come at once, to copy Events is a tenth of the work.
func (r *Receiver) NextInto(ev *Event) error {
	r.release()
	switch {
	case r.err != nil:
		return r.err
	case r.closed:
		r.in = nil
		return frame.ErrShort
	case r.behind:
		r.behind = false
		*ev = r.handOut(Event{Kind: Part})
		return nil
	}
	switch ok, bad := r.whole(ev); {
	case bad != nil:
		return r.stop(bad)
	case ok:
		return nil
	}
	for {
		c, n, err := r.parser.Next(r.in)
		r.in = r.in[n:]
		if err != nil {
			return r.stop(err)
		}
		next, ok, bad := r.chunk(c)
		switch {
		case bad != nil:
			return r.stop(bad)
		case ok:
			*ev = next
			return nil
		}
	}
}

// stop ends a call without an event: ErrShort asks for more, and all that was
// received may be forgotten; all else is final.
func (r *Receiver) stop(err error) error {
	if err == frame.ErrShort { // returned bare by the parser's contract
		r.in = nil
		return err
	}
	r.err = err.(*frame.CloseError) // the only other type there is
	return err
}

// release frees the memory of the payload handed out last.
func (r *Receiver) release() {
	if r.lent {
		r.lent = false
		r.msg.reset()
		r.zip.reset()
	}
}

// chunk takes one piece of a frame; ok says that it makes an event.
func (r *Receiver) chunk(c frame.Chunk) (ev Event, ok bool, bad *frame.CloseError) {
	if c.First {
		if bad := r.begin(c.Header); bad != nil {
			return Event{}, false, bad
		}
	}
	if r.running.IsControl() {
		return r.controlChunk(c)
	}
	return r.dataChunk(c)
}

// begin judges a frame by its header, and enters it.
func (r *Receiver) begin(h frame.Header) *frame.CloseError {
	if bad := r.violation(h); bad != nil {
		return bad
	}
	r.running = h.Opcode
	if h.Opcode.IsControl() {
		return nil
	}
	if h.Opcode != frame.Continuation {
		r.opcode, r.compressed, r.now = h.Opcode, h.Rsv1, r.mode
		r.text.Reset()
	}
	r.frames++
	r.size += h.Length
	r.ended = h.Fin
	r.inMessage = !h.Fin
	return nil
}

// controlChunk gathers a control frame's payload, of at most 125 bytes.
func (r *Receiver) controlChunk(c frame.Chunk) (Event, bool, *frame.CloseError) {
	p := c.Payload
	if c.Header.Masked {
		frame.Mask(p, c.Key)
	}
	if !c.Last {
		r.control = append(r.control, p...)
		return Event{}, false, nil
	}
	if !c.First {
		p = append(r.control, p...)
		r.control = nil
	}
	return r.controlFrame(p)
}

// controlFrame makes the event of a whole control frame.
func (r *Receiver) controlFrame(p []byte) (Event, bool, *frame.CloseError) {
	if r.opcode == 0 {
		r.ends++
	}
	switch r.running {
	case frame.Ping:
		return Event{Kind: Ping, Payload: p}, true, nil
	case frame.Pong:
		return Event{Kind: Pong, Payload: p}, true, nil
	}
	code, reason, err := frame.ParseClosePayload(p)
	if err != nil {
		return Event{}, false, err.(*frame.CloseError) // the only type it returns
	}
	r.closed = true
	return Event{Kind: Close, Code: code, Reason: reason}, true, nil
}
