package conn

import (
	"context"
	"io"

	"github.com/godwit-ws/godwit/conn/protocol"
)

// Reader waits for the next message and returns its type and a reader of its
// bytes, which come as they arrive: a message needn't fit in memory (but still
// keeps to Config.MaxMessageSize; a compressed one comes in one piece at its
// end). The reader returns io.EOF at the end of the message. Its reads stand
// under ctx, as Read does, and can go on under another one from SetContext.
//
// Text is checked as it arrives, so a reader may have returned a part of a
// message that turns out not to be UTF-8. A message that isn't read to its end
// is skipped by the next read.
func (c *Conn) Reader(ctx context.Context) (Opcode, *MessageReader, error) {
	if err := c.lockRead(ctx); err != nil {
		return 0, nil, err
	}
	defer c.unlockRead()
	if err := c.skipStream(ctx); err != nil {
		return 0, nil, err
	}
	c.recv.SetMode(protocol.Stream)
	ev, err := c.nextData(ctx)
	if err != nil {
		return 0, nil, err
	}
	r := &MessageReader{c: c, ctx: ctx}
	r.take(ev)
	return ev.Opcode, r, nil
}

// MessageReader reads one message. Like the Conn it may be used from any
// goroutine, one call at a time.
type MessageReader struct {
	c    *Conn
	ctx  context.Context
	rest []byte // received, not yet read; valid until the receiver goes on
	last bool   // the message ends behind rest
	err  error
}

// SetContext sets the context that the following reads stand under.
func (r *MessageReader) SetContext(ctx context.Context) { r.ctx = ctx }

// Read implements io.Reader. The message's end comes with its last bytes, as
// io.EOF.
func (r *MessageReader) Read(p []byte) (int, error) {
	if err := r.c.lockRead(r.ctx); err != nil {
		return 0, err
	}
	defer r.c.unlockRead()
	for r.err == nil && len(r.rest) == 0 && !r.last {
		ev, err := r.c.nextData(r.ctx)
		if err != nil {
			return 0, err
		}
		r.take(ev)
	}
	if r.err != nil {
		return 0, r.err
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	if r.last && len(r.rest) == 0 {
		r.leave(io.EOF)
	}
	return n, r.err
}

// leave makes err the answer to all that is read from here on.
func (r *MessageReader) leave(err error) {
	r.rest, r.err = nil, err
	r.c.stream = nil
}

// take takes over a piece of the message. The reading baton is held.
func (r *MessageReader) take(ev protocol.Event) {
	r.rest, r.last = ev.Payload, ev.Last
	r.c.stream = r
}

// skipStream leaves a message that is being streamed: what it has received and
// not read is dropped, and what is to come of it skipped. The reading baton is
// held.
func (c *Conn) skipStream(ctx context.Context) error {
	r := c.stream
	if r == nil {
		return nil
	}
	r.rest, r.err = nil, ErrReader // from here on it would give a message with a gap
	for !r.last {
		ev, err := c.nextData(ctx)
		if err != nil {
			return err
		}
		r.last = ev.Last
	}
	r.leave(ErrReader)
	return nil
}
