package conn

import (
	"context"
	"fmt"

	"github.com/godwit-ws/godwit/conn/protocol"
	"github.com/godwit-ws/godwit/frame"
)

// Read waits for the next message and returns its type and its bytes, which are
// the caller's to keep. While it waits, pings are answered and a Close is
// answered too: someone must be reading for the connection to live.
//
// If ctx ends first, its error is returned and the connection stays usable: what
// was received of a message is kept, and the next read continues there. Any
// other error Is ErrClosed, says how the connection ended, and comes again on
// every later call.
func (c *Conn) Read(ctx context.Context) (Opcode, []byte, error) {
	return c.readMessage(ctx, nil)
}

// ReadInto is Read into the array of dst, from its start: the result is
// dst[:n], or larger memory if the message doesn't fit, as with append. With
// room enough and a context that is Background or used again, it allocates
// nothing. After an error dst is the caller's alone.
func (c *Conn) ReadInto(ctx context.Context, dst []byte) (Opcode, []byte, error) {
	return c.readMessage(ctx, dst[:0])
}

func (c *Conn) readMessage(ctx context.Context, dst []byte) (Opcode, []byte, error) {
	if err := c.lockRead(ctx); err != nil {
		return 0, nil, err
	}
	defer c.unlockRead()
	if err := c.skipStream(ctx); err != nil {
		return 0, nil, err
	}
	c.recv.SetMode(protocol.Whole)
	c.recv.Attach(dst)
	ev, err := c.nextData(ctx)
	if err != nil {
		c.recv.Detach()
		return 0, nil, err
	}
	if ev.Taken {
		return ev.Opcode, ev.Payload, nil
	}
	if cap(dst) < len(ev.Payload) {
		dst = make([]byte, 0, len(ev.Payload))
	}
	return ev.Opcode, append(dst[:0], ev.Payload...), nil
}

// lockRead takes the reading baton: one goroutine reads at a time, others wait.
func (c *Conn) lockRead(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		switch {
		case c.end != nil:
			return c.end
		case c.consumer != byCalls:
			return ErrTaken
		case !c.reading:
			c.reading = true
			return nil
		}
		if err := ctx.Err(); err != nil {
			return readError(err)
		}
		c.await(ctx, never)
	}
}

// unlockRead hands the reading baton on, after the answers to what was read are
// on their way. A connection without unread bytes keeps no buffer.
func (c *Conn) unlockRead() {
	if c.recv.Buffered() == 0 && (c.stream == nil || len(c.stream.rest) == 0) {
		c.dropScratch()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flushReplies()
	c.holdsIn(c.recv.Held())
	c.reading = false
	if c.end != nil {
		c.releaseReading()
	}
	c.changed()
}

// releaseReading gives the memory of reading back, after the end. The reading
// baton is held.
func (c *Conn) releaseReading() {
	c.stream = nil
	c.recv.Reset()
	c.dropScratch()
}

// readError wraps a context's error.
func readError(err error) error { return fmt.Errorf("conn: read: %w", err) }

// nextData returns the next event of a data message, and deals with all else.
// The reading baton is held.
func (c *Conn) nextData(ctx context.Context) (protocol.Event, error) {
	for {
		ev, err := c.recv.Next()
		switch {
		case err == frame.ErrShort: // bare by Next's contract
			err = c.fill(ctx)
		case err != nil:
			err = c.fail(err.(*frame.CloseError)) // the only other type Next returns
		case ev.Kind == protocol.Message || ev.Kind == protocol.Part:
			if !c.closing.Load() {
				return ev, nil
			}
			c.recv.SetMode(protocol.Discard) // after our Close nothing is delivered
		default:
			err = c.control(ctx, ev)
		}
		if err != nil {
			return protocol.Event{}, err
		}
	}
}

// control deals with a control frame (RFC 6455 §5.5).
func (c *Conn) control(ctx context.Context, ev protocol.Event) error {
	switch ev.Kind {
	case protocol.Ping:
		return c.pong(ctx, ev.Payload)
	case protocol.Pong:
		c.pinged(ev.Payload)
		return nil
	}
	return c.closedByPeer(ev)
}

// fill waits for bytes and passes them to the receiver. It returns nil when
// there are some, ctx's error if it ended first, and otherwise how the
// connection ended.
func (c *Conn) fill(ctx context.Context) error {
	c.mu.Lock()
	return c.fillUnlocking(ctx, false)
}

// fillUnlocking is fill for who holds mu, which is given up. Where the caller may
// rest, it returns errResting when it is to.
func (c *Conn) fillUnlocking(ctx context.Context, mayRest bool) error {
	c.flushReplies()
	c.holdsIn(c.recv.Held())
	for {
		end, pending := c.end, c.pending
		if pending != nil {
			c.pending = nil
		}
		tired := c.tired
		c.tired = false
		c.mu.Unlock()
		if err := c.interruption(ctx, end, pending); err != nil {
			return err
		}
		if tired && mayRest && c.lieDown() {
			return errResting
		}
		err := c.readErr
		c.readErr = nil
		if err == nil {
			var n int
			n, err = c.receive(ctx)
			if n > 0 {
				c.readErr, c.news = err, true
				c.recv.Got(n)
				return nil
			}
		}
		if err != nil && !(c.wasKicked() && timedOut(err)) {
			return c.lost(ctx, err)
		}
		c.mu.Lock()
	}
}

// interruption returns why a read must not wait any longer, or nil: the connection has
// ended, is to be failed, or ctx has ended.
func (c *Conn) interruption(ctx context.Context, end error, pending *CloseError) error {
	switch {
	case end != nil:
		return end
	case pending != nil:
		return c.fail(pending)
	}
	if err := ctx.Err(); err != nil {
		return readError(err)
	}
	return nil
}
