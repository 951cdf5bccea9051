package conn

import (
	"context"
	"errors"

	"github.com/godwit-ws/godwit/conn/internal/bufpool"
	"github.com/godwit-ws/godwit/conn/protocol"
	"github.com/godwit-ws/godwit/frame"
)

// fragmentSize is how many bytes a MessageWriter gathers before it sends them as
// a fragment.
const fragmentSize = 16 << 10

// Writer begins a message of a length that isn't known yet. What is written
// leaves in fragments of up to 16 KiB (RFC 6455 §5.4); Close ends the message.
// Until then other messages wait, those of Post in the queue, and only control
// frames go in between, so it must be closed. A message that fits one fragment isn't fragmented.
//
// ctx bounds the waiting for other writers, and every write of this message. A
// message that can't be finished, because ctx ended or because its text isn't
// UTF-8, ends the connection with CodeInternalError: the peer has a part of it.
func (c *Conn) Writer(ctx context.Context, op Opcode) (*MessageWriter, error) {
	if err := protocol.CheckMessage(op, nil); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.admit(ctx, 0); err != nil {
		return nil, err
	}
	w := &MessageWriter{c: c, ctx: ctx, op: op, whole: c.inline}
	if !w.whole {
		c.own().writer = w
	}
	return w, nil
}

// MessageWriter writes one message. Like the Conn it may be used from any
// goroutine, one call at a time.
type MessageWriter struct {
	c     *Conn
	ctx   context.Context
	op    Opcode
	text  frame.UTF8
	buf   *bufpool.Buffer
	begun bool  // a fragment was sent
	whole bool  // nothing may wait for this message, so it leaves in one piece
	held  queue // posted messages that wait for the end of this one; guarded by c's mu
	err   error // what further calls return
}

// Write implements io.Writer. Text may be cut anywhere, within a character too.
func (w *MessageWriter) Write(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	if w.op == Text && !w.text.Feed(p) {
		return 0, w.abandon(ErrNotUTF8)
	}
	if w.whole {
		return w.gather(p)
	}
	written := 0
	for len(p) > 0 {
		if w.buf == nil {
			w.buf = bufpool.Get(fragmentSize)
		}
		n := min(len(p), fragmentSize-len(w.buf.B))
		w.buf.B = append(w.buf.B, p[:n]...)
		written, p = written+n, p[n:]
		if len(w.buf.B) == fragmentSize && len(p) > 0 {
			if err := w.send(protocol.More); err != nil {
				return written, w.abandon(err)
			}
		}
	}
	return written, nil
}

// gather keeps p for a message that leaves in one piece, as long as one that is
// queued could be.
func (w *MessageWriter) gather(p []byte) (int, error) {
	if w.buf == nil {
		w.buf = bufpool.Get(fragmentSize)
	}
	if limit := w.c.cfg.MaxQueued; limit >= 0 && len(p) > limit-len(w.buf.B) {
		return 0, w.abandon(ErrQueueFull)
	}
	w.buf.Grow(len(p))
	w.buf.B = append(w.buf.B, p...)
	return len(p), nil
}

// Flush sends what was gathered as a fragment, for a peer that is to see it now.
func (w *MessageWriter) Flush() error {
	if w.err != nil || w.buf == nil || w.whole {
		return w.err
	}
	if err := w.send(protocol.More); err != nil {
		return w.abandon(err)
	}
	return nil
}

// Close ends the message. If the context ends while the last of it is being
// written, that is sent on in the background, the connection stays usable, and the
// error is ErrWriteUnfinished. Another call returns ErrWriter.
func (w *MessageWriter) Close() error {
	if w.err != nil {
		return w.err
	}
	if w.op == Text && !w.text.Complete() {
		return w.abandon(ErrNotUTF8)
	}
	err := w.finish()
	if err != nil && !errors.Is(err, ErrWriteUnfinished) {
		return w.abandon(err)
	}
	w.c.mu.Lock()
	defer w.c.mu.Unlock()
	w.release(ErrWriter)
	return err
}

// finish sends the last of the message, or all of it.
func (w *MessageWriter) finish() error {
	switch {
	case !w.whole:
		return w.send(protocol.Final)
	case w.buf == nil:
		return w.c.Write(w.ctx, w.op, nil)
	}
	return w.c.Write(w.ctx, w.op, w.buf.B)
}

// send sends what was gathered as the next fragment.
func (w *MessageWriter) send(pos protocol.Position) error {
	c := w.c
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.flushing { // fragments are not queued: only one is under way
		if err := c.unwritable(); err != nil {
			return err
		}
		if err := w.ctx.Err(); err != nil {
			return writeError(err)
		}
		c.await(w.ctx, never)
	}
	if err := c.unwritable(); err != nil {
		return err
	}
	if !w.begun {
		c.send.Begin(w.op)
		w.begun = true
	}
	var p []byte
	if w.buf != nil {
		p = w.buf.B
	}
	out := c.output(c.send.Room(len(p)))
	out.B = c.send.AppendFragment(out.B, p, pos)
	bufpool.Put(w.buf)
	w.buf = nil
	return c.push(w.ctx, false)
}

// abandon gives up the message. If a part of it is on its way the connection
// fails before others can send: nothing else can follow it.
func (w *MessageWriter) abandon(err error) error {
	w.c.mu.Lock()
	defer w.c.mu.Unlock()
	if w.begun && w.c.unwritable() == nil {
		w.c.failLater(&CloseError{Code: frame.CodeInternalError, Reason: "message not finished", Err: err})
	}
	w.release(err)
	return err
}

// release lets other messages go on. mu is held.
func (w *MessageWriter) release(err error) {
	w.err = err
	bufpool.Put(w.buf)
	w.buf = nil
	if !w.whole {
		w.c.writer = nil
		w.c.queueAll(&w.held)
		w.c.changed()
	}
}
