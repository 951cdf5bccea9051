package load

import (
	"bytes"
	"fmt"

	"github.com/godwit-ws/godwit/conn/deflate"
	"github.com/godwit-ws/godwit/frame"
)

// Which messages are compared in full: those shorter than compareAll bytes, and
// of longer ones each compareEach-th.
const (
	compareAll  = 4 << 10
	compareEach = 8
)

// receiver takes the bytes that a server sends and holds them against the deck.
// It belongs to one goroutine.
type receiver struct {
	deck     *deck
	verbatim bool                  // a TCP server's: frames come back as they went out, masked
	inflater *deflate.Decompressor // nil without compression
	pong     func(payload []byte) error

	parser     frame.Parser
	index      int    // of the message that comes next, or is coming
	open       bool   // it is coming
	compressed bool   // it is
	at         int    // bytes of it that have come, as sent
	zip, flat  []byte // compressed and inflated, while compressed
	control    []byte // payload of a control frame that came in pieces
	pongs      int    // have come
}

// take takes the next bytes and returns how many messages they complete. p is
// changed. The error says how the server's answer is wrong, or that it closed.
func (r *receiver) take(p []byte) (done int, err error) {
	for {
		c, n, err := r.parser.Next(p)
		if err == frame.ErrShort { // bare by Next's contract
			return done, nil
		}
		if err != nil {
			return done, r.wrong("%v", err)
		}
		p = p[n:]
		end, err := r.chunk(c)
		if err != nil {
			return done, err
		}
		if end {
			done++
		}
	}
}

// chunk takes a piece of a frame; end says that a message ends with it.
func (r *receiver) chunk(c frame.Chunk) (end bool, err error) {
	if c.First {
		if err := r.begin(c.Header); err != nil {
			return false, err
		}
	}
	if c.Header.Opcode.IsControl() {
		return false, r.controlChunk(c)
	}
	if r.compressed {
		r.zip = append(r.zip, c.Payload...)
	} else if err := r.compare(c.Payload); err != nil {
		return false, err
	}
	if !c.Last || !c.Header.Fin {
		return false, nil
	}
	return true, r.finish()
}

// begin judges a header.
func (r *receiver) begin(h frame.Header) error {
	switch {
	case h.Masked != r.verbatim:
		return r.wrong("masked is %v", h.Masked)
	case h.Opcode.IsControl():
		return nil
	case h.Opcode == frame.Continuation:
		if !r.open {
			return r.wrong("it continues nothing")
		}
		return nil
	case r.open:
		return r.wrong("it begins within another")
	case h.Opcode != r.deck.opcode:
		return r.wrong("it is a %v message, want %v", h.Opcode, r.deck.opcode)
	case h.Rsv1 && r.inflater == nil && !r.verbatim:
		return r.wrong("it is compressed")
	}
	r.open, r.at = true, 0
	r.compressed = h.Rsv1 && !r.verbatim
	r.zip = r.zip[:0]
	return nil
}

// want returns what is to come as the current message.
func (r *receiver) want() []byte {
	if r.verbatim {
		return r.deck.masked(r.index)
	}
	return r.deck.message(r.index)
}

// compare holds the next bytes of the message against what they must be.
func (r *receiver) compare(p []byte) error {
	want := r.want()
	if len(p) > len(want)-r.at {
		return r.wrong("it is longer than %d bytes", len(want))
	}
	want = want[r.at:][:len(p)]
	r.at += len(p)
	if len(r.want()) >= compareAll && r.index%compareEach != 0 {
		return nil
	}
	if !bytes.Equal(p, want) {
		return r.wrong("its content differs within bytes %d to %d", r.at-len(p), r.at)
	}
	return nil
}

// finish ends a message.
func (r *receiver) finish() error {
	if r.compressed {
		var err error
		r.flat, err = r.inflater.AppendMessage(r.flat[:0], r.zip, int64(len(r.want())))
		if err != nil {
			return r.wrong("%v", err)
		}
		if err := r.compare(r.flat); err != nil {
			return err
		}
	}
	if r.at != len(r.want()) {
		return r.wrong("it has %d bytes, want %d", r.at, len(r.want()))
	}
	r.open = false
	r.index++
	return nil
}

// controlChunk takes a piece of a control frame (RFC 6455 §5.5).
func (r *receiver) controlChunk(c frame.Chunk) error {
	r.control = append(r.control, c.Payload...)
	if !c.Last {
		return nil
	}
	p := r.control
	r.control = r.control[:0]
	switch c.Header.Opcode {
	case frame.Ping:
		return r.pong(p)
	case frame.Pong:
		r.pongs++
		return nil
	}
	code, reason, err := frame.ParseClosePayload(p)
	if err != nil {
		return r.wrong("%v", err)
	}
	return &closedError{code: code, reason: reason}
}

// wrong says what is wrong about an answer.
func (r *receiver) wrong(format string, args ...any) error {
	return fmt.Errorf("load: answer %d is wrong: "+format, append([]any{r.index + 1}, args...)...)
}
