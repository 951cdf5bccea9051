package conn

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"time"

	"github.com/godwit-ws/godwit/conn/protocol"
	"github.com/godwit-ws/godwit/frame"
)

// What a connection that is being ended may still receive, so that the kernel
// doesn't answer it with a reset, which would destroy our Close on its way.
const (
	lingerTime  = time.Second
	lingerBytes = 8 << 20
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
// it was sent, as the end to come. Nothing follows it, and within CloseTimeout the
// connection is over. mu is held.
func (c *Conn) appendClose(e *CloseError) error {
	var room [frame.MaxHeader + frame.MaxControl]byte
	encoded, err := c.send.AppendClose(room[:0], e.Code, e.Reason)
	if err != nil {
		return err
	}
	c.appendFrame(func(dst []byte) []byte { return append(dst, encoded...) })
	if sent := frame.CutReason(e.Reason); sent != e.Reason {
		e = &CloseError{Code: e.Code, Reason: sent, Remote: e.Remote, Err: e.Err}
	}
	c.sentClose = e
	c.closing.Store(true)
	if c.cfg.CloseTimeout > 0 {
		c.closeWithin(c.cfg.CloseTimeout)
	}
	c.cond.Broadcast() // whoever waits to send waits in vain
	return nil
}

// appendFrame adds a frame to the output, or to the queue behind a write in
// progress. A cork holds it back no longer than other output. mu is held.
func (c *Conn) appendFrame(encode func(dst []byte) []byte) {
	if c.flushing {
		c.queue.pushFrame(encode)
		return
	}
	out := c.output(frame.MaxHeader + frame.MaxControl)
	out.B = encode(out.B)
	if c.corked {
		c.watchCork()
	}
}

// Abort drops the connection at once, without a Close frame.
func (c *Conn) Abort() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.finish(abnormal(ErrAborted))
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

// closedByPeer deals with the peer's Close frame: the answer to ours, or to be
// answered with the same code (RFC 6455 §5.5.1). The reading baton is held.
func (c *Conn) closedByPeer(ev protocol.Event) error {
	c.mu.Lock()
	e := c.sentClose
	if e == nil {
		e = &CloseError{Code: ev.Code, Reason: ev.Reason, Remote: true}
		c.appendClose(&CloseError{Code: ev.Code}) // can't fail: a code that was received may be sent
		c.sentClose = e
	}
	c.flushLast()
	c.mu.Unlock()
	if c.role == protocol.Client || halfClose(c.nc) { // a server closes first (RFC 6455 §7.1.1)
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
	c.flushReplies()
	waits := c.flushing
	c.mu.Unlock()
	if waits {
		c.flushAndDrain()
	}
	halfClose(c.nc)
	c.linger()
	return c.over(e)
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

// lost ends a connection whose other end is gone. The reading baton is held.
func (c *Conn) lost(err error) error {
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
	c.mu.Unlock()
	return c.over(e)
}

// over ends the connection and returns how it ended.
func (c *Conn) over(e *CloseError) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.finish(e)
	return c.end
}

// flushLast waits until all output, our Close frame at its end, is written, or
// never will be. mu is held.
func (c *Conn) flushLast() {
	for c.brokenWrite() == nil {
		switch {
		case c.flushing:
			c.cond.Wait()
		case c.out != nil:
			c.flush(context.Background(), nil, false) // its error is in the state
		default:
			return
		}
	}
}

// flushAndDrain is flushLast while what the peer still sends is dropped: it may not
// come to read our Close before it has got rid of that.
func (c *Conn) flushAndDrain() {
	drained := make(chan struct{})
	c.nc.SetReadDeadline(never)
	go func() {
		defer close(drained)
		drain(c.nc, c.takeScratch(minScratch))
	}()
	c.mu.Lock()
	c.flushLast()
	c.mu.Unlock()
	c.nc.SetReadDeadline(past)
	<-drained
}

// halfClose ends our direction of nc, where it can be ended apart from the
// other: over TCP, TLS and unix sockets. It returns false elsewhere.
func halfClose(nc net.Conn) bool {
	half, ok := nc.(interface{ CloseWrite() error })
	if ok {
		half.CloseWrite() // what fails here fails in what follows
	}
	return ok
}

// linger takes in what the peer still sends, for lingerTime at most.
func (c *Conn) linger() {
	c.nc.SetReadDeadline(time.Now().Add(lingerTime))
	drain(c.nc, c.takeScratch(minScratch))
}

// drain drops what nc still receives, until the peer has closed its direction,
// the deadline is over, or lingerBytes have come.
func drain(nc net.Conn, sink []byte) {
	for total := 0; total < lingerBytes; {
		n, err := nc.Read(sink)
		if err != nil {
			return
		}
		total += n
	}
}

// closeTransport closes the connection below, never waiting for it: TLS has said
// its goodbye in halfClose if there was time for one.
func closeTransport(nc net.Conn) {
	if secured, ok := nc.(*tls.Conn); ok {
		nc = secured.NetConn()
	}
	nc.Close() // the connection is over: nobody could act on its error
}

// failLater fails the connection for a reason found while writing: the Close is
// sent, and whoever reads does the rest, or CloseTimeout.
func (c *Conn) failLater(e *CloseError) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.unwritable() != nil {
		return
	}
	c.appendClose(e) // can't fail: our codes and reasons are right
	if !c.flushing {
		c.startFlush()
	}
}

// isEOF reports whether err says that the peer has closed its direction.
func isEOF(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
