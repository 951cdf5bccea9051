package conn

import (
	"context"
	"errors"
	"io"

	"github.com/godwit-ws/godwit/conn/protocol"
	"github.com/godwit-ws/godwit/frame"
)

// closedByPeer deals with the peer's Close frame: the answer to ours, or to be
// answered with the same code (RFC 6455 §5.5.1). The reading baton is held.
func (c *Conn) closedByPeer(ev protocol.Event) error {
	c.mu.Lock()
	e := c.sentClose
	if e == nil {
		e = &CloseError{Code: ev.Code, Reason: ev.Reason, Remote: true}
		c.appendClose(e) // can't fail: a code that was received may be sent
	}
	if c.t != nil {
		defer c.mu.Unlock()
		return c.conclude(e, c.parting())
	}
	c.farewell = c.send.Role() == protocol.Server // which closes first (RFC 6455 §7.1.1)
	c.flushLast()
	c.mu.Unlock()
	if c.send.Role() == protocol.Client || c.halfClose() && !c.lingerLater() {
		c.linger()
	}
	return c.over(e)
}

// fail fails the connection (RFC 6455 §7.1.7): it sends a Close frame with the
// code, processes nothing more, and waits a moment for the peer to have read it.
// The reading baton is held.
func (c *Conn) fail(e *frame.CloseError) error {
	c.mu.Lock()
	switch {
	case e.Code == frame.CodeAbnormal: // nobody is there to be told
		c.mu.Unlock()
		return c.over(e)
	case c.sentClose != nil: // the peer misbehaves on its way out
		e = because(c.sentClose, e)
	default:
		c.appendClose(e) // can't fail: our codes and reasons are right
	}
	c.corked = false // in hooks: nothing is added any more
	c.forgetInput()
	if c.t != nil {
		defer c.mu.Unlock()
		return c.conclude(e, leaveFirst)
	}
	c.farewell = true
	c.flushReplies()
	waits := c.flushing
	c.mu.Unlock()
	if waits {
		c.flushAndDrain()
	}
	c.halfClose()
	c.linger()
	return c.over(e)
}

// forgetInput drops what has come, where nothing of it will be looked at any more, and
// its memory. mu and the reading baton are held.
func (c *Conn) forgetInput() {
	if c.recv != nil {
		c.recv.Reset()
		c.holdsIn(0)
	}
}

// lost ends a connection whose other end is gone, or has closed its direction without a
// Close: then it may still read, and is given what was sent before, within ctx and
// CloseTimeout. The reading baton is held.
func (c *Conn) lost(ctx context.Context, err error) error {
	e := abnormal(err)
	switch {
	case isEOF(err) && c.recv.Pending():
		e.Err = ErrCut
	case isEOF(err):
		e.Err = ErrNoClose
	}
	c.mu.Lock()
	if c.sentClose != nil {
		e = because(c.sentClose, e.Err)
	}
	switch half := isEOF(err) && (c.out != nil || c.flushing); {
	case half && c.t != nil:
		defer c.mu.Unlock()
		if d := c.cfg.CloseTimeout; d > 0 {
			c.closeWithin(d)
		}
		return c.conclude(e, leaveFirst)
	case half:
		c.flushWithin(ctx, c.cfg.CloseTimeout)
	}
	c.mu.Unlock()
	return c.over(e)
}

// over ends the connection and returns how it ended.
func (c *Conn) over(e *CloseError) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.t != nil {
		return c.conclude(e, leaveNow)
	}
	c.finish(e)
	return c.end
}

// because is the end e, which was not reached in order, for a cause that comes to
// e's own.
func because(e *CloseError, cause error) *CloseError {
	if e.Err != nil {
		cause = errors.Join(e.Err, cause)
	}
	return &CloseError{Code: e.Code, Reason: e.Reason, Remote: e.Remote, Err: cause}
}

// abnormal is the end of a connection that was lost (RFC 6455 §7.1.5). The code
// never goes on the wire.
func abnormal(cause error) *CloseError {
	return &CloseError{Code: frame.CodeAbnormal, Err: cause}
}

// normal reports whether err is an end that needs no comment: the peer went in
// order, or we did.
func normal(err error) bool {
	e, ok := errors.AsType[*CloseError](err)
	if !ok || e.Err != nil {
		return false
	}
	return !e.Remote || e.Code == frame.CodeNormal || e.Code == frame.CodeGoingAway || e.Code == frame.CodeNoStatus
}

// isEOF reports whether err says that the peer has closed its direction.
func isEOF(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
