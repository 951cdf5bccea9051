package protocol

import (
	"errors"

	"github.com/godwit-ws/godwit/conn/deflate"
	"github.com/godwit-ws/godwit/frame"
)

// dataChunk takes a piece of a data frame's payload.
func (r *Receiver) dataChunk(c frame.Chunk) (Event, bool, *frame.CloseError) {
	end := c.Last && r.ended
	switch {
	case r.now == Discard:
		if end {
			r.finish()
		}
		return Event{}, false, nil
	case r.compressed:
		return r.compressedChunk(c, end)
	}
	if !r.open(c) || end && r.opcode == frame.Text && !r.text.Complete() {
		return Event{}, false, errText // RFC 6455 §8.1
	}
	if r.now == Stream {
		return r.part(c, end)
	}
	return r.gather(c, end)
}

// open unmasks the chunk in place and, for text, checks it: false at the first
// byte that can't belong to valid UTF-8.
func (r *Receiver) open(c frame.Chunk) (ok bool) {
	switch {
	case r.opcode == frame.Text && c.Header.Masked:
		_, ok = r.text.Unmask(c.Payload, c.Key)
		return ok
	case r.opcode == frame.Text:
		return r.text.Feed(c.Payload)
	case c.Header.Masked:
		frame.Mask(c.Payload, c.Key)
	}
	return true
}

// part hands the chunk out as it is. The first one is handed out even if it is
// empty, so that a reader learns of the message as soon as its header is there.
func (r *Receiver) part(c frame.Chunk, end bool) (Event, bool, *frame.CloseError) {
	first := c.First && r.frames == 1
	ev := Event{Kind: Part, Opcode: r.opcode, Last: end, Payload: c.Payload}
	if end {
		r.finish()
	}
	return ev, first || end || len(c.Payload) > 0, nil
}

// gather adds the chunk to the message, or hands it out in place if it is one.
func (r *Receiver) gather(c frame.Chunk, end bool) (Event, bool, *frame.CloseError) {
	if end && c.First && r.frames == 1 {
		ev := Event{Kind: Message, Opcode: r.opcode, Last: true, Payload: c.Payload}
		r.finish()
		return ev, true, nil
	}
	if r.direct {
		r.msg.b = r.msg.b[:len(r.msg.b)+len(c.Payload)]
	} else {
		r.msg.append(c.Payload, int64(len(c.Payload))+r.parser.Remaining())
	}
	if !end {
		return Event{}, false, nil
	}
	ev := r.handOut(Event{Kind: Message, Last: true})
	r.finish()
	return ev, true, nil
}

// handOut makes what was assembled the payload of ev.
func (r *Receiver) handOut(ev Event) Event {
	ev.Opcode, ev.Payload, ev.Taken = r.opcode, r.msg.b, r.msg.attached
	r.lent = true
	return ev
}

// finish leaves the message: the next one is counted from nothing, and memory
// that was attached for this one is the caller's alone.
func (r *Receiver) finish() {
	r.ends++
	r.opcode, r.compressed = 0, false
	r.frames, r.size = 0, 0
	if r.msg.attached {
		r.msg = assembly{}
	}
}

// compressedChunk gathers the compressed payload and inflates it at the end
// (RFC 7692 §6.2). What came in one piece is inflated from where it lies.
func (r *Receiver) compressedChunk(c frame.Chunk, end bool) (Event, bool, *frame.CloseError) {
	if c.Header.Masked {
		frame.Mask(c.Payload, c.Key)
	}
	if end && c.First && r.frames == 1 {
		return r.inflate(c.Payload)
	}
	r.zip.append(c.Payload, int64(len(c.Payload))+r.parser.Remaining())
	if !end {
		return Event{}, false, nil
	}
	return r.inflate(r.zip.b)
}

// inflate makes the message of its compressed form. The limit holds for the
// output while it grows.
func (r *Receiver) inflate(src []byte) (Event, bool, *frame.CloseError) {
	r.msg.grow(4*int64(len(src)), 1)
	out, err := r.inflater.AppendMessage(r.msg.b[:0], src, r.maxSize)
	r.msg.b = out
	switch {
	case errors.Is(err, deflate.ErrTooBig):
		return Event{}, false, errTooBig
	case err != nil:
		return Event{}, false, corrupt(err)
	case r.opcode == frame.Text && !(r.text.Feed(out) && r.text.Complete()):
		return Event{}, false, errText
	}
	kind := Message
	if r.now == Stream {
		kind = Part
	}
	ev := r.handOut(Event{Kind: kind, Last: true})
	r.finish()
	return ev, true, nil
}
