package conn

import (
	"context"
	"errors"

	"github.com/godwit-ws/godwit/conn/protocol"
	"github.com/godwit-ws/godwit/frame"
)

// Close ends the connection in order (RFC 6455 §7.1.2): it sends a Close frame
// behind all pending output, and waits for the peer's, for CloseTimeout at most.
// Meanwhile messages are dropped; if nobody reads, Close does. It returns nil if
// the closing handshake was done, also when it was done before; otherwise how
// the connection ended. If ctx ends first the connection is dropped.
//
// On a connection driven by hooks it sends and returns.
//
// The code must be one that may be sent (ErrCloseCode), or frame.CodeNoStatus
// with an empty reason for an empty Close; the reason must be UTF-8
// (ErrCloseReason), and is cut to 123 bytes between characters.
func (c *Conn) Close(ctx context.Context, code frame.Code, reason string) error {
	if err := c.sendClose(ctx, code, reason); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.end == nil && c.consumer != byHooks {
		if err := ctx.Err(); err != nil {
			c.finish(because(c.sentClose, err))
			return err
		}
		if c.reading {
			c.await(ctx, never)
			continue
		}
		c.reading = true
		c.mu.Unlock()
		c.awaitClose(ctx)
		c.mu.Lock()
	}
	return c.closeResult()
}

// closeResult is nil after a closing handshake that was done. mu is held.
func (c *Conn) closeResult() error {
	e, ok := errors.AsType[*CloseError](c.end)
	if !ok || e.Err == nil {
		return nil
	}
	return c.end
}

// awaitClose reads until the connection has ended or ctx has. The reading baton
// is held, and handed on.
func (c *Conn) awaitClose(ctx context.Context) {
	defer c.unlockRead()
	if c.stream != nil {
		c.stream.leave(ErrReader)
	}
	c.recv.SetMode(protocol.Discard)
	c.nextData(ctx) // its error is in the state, or ctx's
}

// sendClose sends our Close frame, unless there was one.
func (c *Conn) sendClose(ctx context.Context, code frame.Code, reason string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.end != nil || c.send.Closed() {
		return nil
	}
	if err := c.appendClose(&CloseError{Code: code, Reason: reason}); err != nil {
		return err
	}
	switch {
	case c.consumer != byHooks:
		c.flushReplies() // then Close reads: the peer may be waiting for that
	case !c.flushing && !c.corked:
		c.flush(ctx, nil, false) // its error is in the state, or ctx's
	}
	return nil
}

// appendClose puts our Close frame behind all output, and notes e, its reason as
// it was sent, as the end to come. The peer's Close is answered by its code alone.
// Nothing follows it, and within CloseTimeout the connection is over. mu is held.
func (c *Conn) appendClose(e *CloseError) error {
	reason := e.Reason
	if e.Remote {
		reason = ""
	}
	var room [frame.MaxHeader + frame.MaxControl]byte
	encoded, err := c.send.AppendClose(room[:0], e.Code, reason)
	if err != nil {
		return err
	}
	c.appendFrame(func(dst []byte) []byte { return append(dst, encoded...) })
	if sent := frame.CutReason(reason); sent != reason {
		e = &CloseError{Code: e.Code, Reason: sent, Err: e.Err}
	}
	c.own().sentClose = e
	c.closing.Store(true)
	c.dropHeld() // too late for what waits behind an unfinished message
	if d := c.cfg.CloseTimeout; d > 0 {
		c.closeWithin(d)
		if !e.Remote { // else no hook is running
			c.watchOverdue(d)
		}
	}
	c.changed() // whoever waits to send waits in vain
	return nil
}

// appendFrame adds a frame to the output, or to the queue behind a write in
// progress. A cork holds it back no longer than other output. mu is held.
func (c *Conn) appendFrame(encode func(dst []byte) []byte) {
	if c.flushing {
		c.own().queue.pushFrame(control, encode)
		return
	}
	out := c.output(frame.MaxHeader + frame.MaxControl)
	out.B = encode(out.B)
	if c.corked {
		c.watchCork()
	}
}

// leave ends the connection in order, from where its messages are read: it sends
// a Close, drops messages, and waits for the peer's Close within CloseTimeout.
// The reading baton is held.
func (c *Conn) leave(e *CloseError) error {
	c.mu.Lock()
	if c.unwritable() == nil {
		c.appendClose(e) // can't fail: answer has seen to that
	}
	c.flushReplies()
	c.mu.Unlock()
	c.recv.SetMode(protocol.Discard)
	_, err := c.nextData(context.Background())
	return err
}

// failLater fails the connection for a reason found while writing: the Close is
// sent, and whoever reads does the rest, or CloseTimeout. mu is held, and something
// can still be sent.
func (c *Conn) failLater(e *CloseError) {
	c.appendClose(e) // can't fail: our codes and reasons are right
	if !c.flushing {
		c.startFlush()
	}
}

// Abort drops the connection at once, without a Close frame.
func (c *Conn) Abort() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.finish(abnormal(ErrAborted))
}
