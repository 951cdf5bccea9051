package conn

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/godwit-ws/godwit/conn/internal/bufpool"
	"github.com/godwit-ws/godwit/conn/protocol"
	"github.com/godwit-ws/godwit/frame"
)

// directSize is the length in bytes from which a payload is written from where
// it lies, beside its header, and not copied first.
const directSize = 8 << 10

// Write sends a message. It returns once the message is written, or queued
// behind a write in progress (Config.MaxQueued); a failure after that shows in
// what Err and reads return. p is the caller's again when Write returns.
//
// If ctx ends before the message was begun, nothing is sent and ctx's error is
// returned; after that the rest is sent in the background and the error is
// ErrWriteUnfinished. In both cases the connection stays usable. Errors that end
// or follow the end of the connection are ErrClosed.
func (c *Conn) Write(ctx context.Context, op Opcode, p []byte) error {
	if err := protocol.CheckMessage(op, p); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.admit(ctx, len(p)); err != nil {
		return err
	}
	if c.flushing {
		c.own().queue.pushMessage(&c.send, op, p)
		c.account()
		return nil
	}
	empty := c.out == nil
	if len(p) >= directSize && c.send.Direct(len(p)) {
		out := c.output(frame.MaxHeader)
		out.B = c.send.AppendHeader(out.B, op, len(p))
		return c.flush(ctx, p, empty)
	}
	out := c.output(c.send.Room(len(p)))
	out.B = c.send.AppendMessage(out.B, op, p)
	return c.push(ctx, empty && !c.send.Compresses(len(p)))
}

// WritePrepared is Write of a message that was encoded once for many connections.
// Who sends to many, and must not be held up by one whose peer doesn't read, uses
// Post.
func (c *Conn) WritePrepared(ctx context.Context, m *Prepared) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.admit(ctx, m.Len()); err != nil {
		return err
	}
	if c.flushing {
		c.own().queue.push(entry{kind: shared, prepared: m})
		return nil
	}
	empty := c.out == nil
	out := c.output(c.send.Room(m.Len()))
	out.B = c.send.AppendPrepared(out.B, m)
	return c.push(ctx, empty && !c.send.Compresses(m.Len()))
}

// Prepared is a message encoded once and sent on many connections.
type Prepared = protocol.Prepared

// NewPrepared returns a Prepared message with a copy of p. It returns ErrOpcode
// unless op is Text or Binary, and ErrNotUTF8 for text that isn't UTF-8.
func NewPrepared(op Opcode, p []byte) (*Prepared, error) { return protocol.NewPrepared(op, p) }

// admit waits until a message of n bytes may be sent. mu is held.
func (c *Conn) admit(ctx context.Context, n int) error {
	limit := never
	for {
		if err := c.unwritable(); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return writeError(err)
		}
		switch {
		case c.writer != nil:
			limit = never // the time of another's MessageWriter doesn't count
		case !c.flushing || c.admits(n):
			return nil
		case c.inline:
			return c.overflow()
		case c.cfg.WriteTimeout <= 0:
		case limit.IsZero():
			limit = time.Now().Add(c.cfg.WriteTimeout)
		case !time.Now().Before(limit):
			return ErrQueueFull
		}
		c.await(ctx, limit)
	}
}

// unwritable returns why nothing can be sent any more, or nil. mu is held.
func (c *Conn) unwritable() error {
	switch {
	case c.end != nil:
		return c.end
	case c.sentClose != nil:
		return ended{c.sentClose}
	case c.writeErr != nil:
		return ended{abnormal(c.writeErr)}
	}
	return nil
}

// writeError wraps a context's error.
func writeError(err error) error { return fmt.Errorf("conn: write: %w", err) }

// errInterrupted says that a write gave way to its context.
var errInterrupted = errors.New("conn: write interrupted")

// output returns the buffer of encoded bytes, with room for n more. mu is held
// and nobody is flushing.
func (c *Conn) output(n int) *bufpool.Buffer {
	if c.out == nil {
		if c.corked && c.blocking != nil {
			n = max(n, c.corkRoom)
		}
		c.out = bufpool.Get(n)
	}
	c.out.Grow(n)
	return c.out
}

// push writes the output, or leaves it for the end of the cork. lone says that
// it holds one message that can be taken back.
func (c *Conn) push(ctx context.Context, lone bool) error {
	c.answered = true
	if c.corked && len(c.out.B) < corkLimit {
		c.watchCork()
		return nil
	}
	return c.flush(ctx, nil, lone)
}
