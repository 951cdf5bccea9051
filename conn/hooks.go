package conn

import (
	"context"
	"errors"
	"runtime/debug"
	"strings"

	"github.com/godwit-ws/godwit/conn/protocol"
	"github.com/godwit-ws/godwit/frame"
)

// Hooks is what happens on a connection driven by Run or Start: one value for each
// connection. Never two hooks of a connection run at once, and what they send is
// corked: all answers to one read leave in one write.
type Hooks interface {
	// OnOpen is called first.
	OnOpen(c *Conn) error
	// OnMessage is called for each message, in order. p is valid until it returns.
	OnMessage(c *Conn, op Opcode, p []byte) error
	// OnClose is called once, last, when the connection has ended.
	OnClose(c *Conn, e *CloseError)
}

// ControlHooks are further hooks of a connection, for a Hooks value that has them
// too. They are called under the rules of OnMessage, in order with it: never two
// hooks at once, payload valid until the hook returns, an error ends the connection,
// and none after our own Close. A ping or pong that comes in the middle of a message
// is told before the message.
type ControlHooks interface {
	// OnPing is called for each ping. Its pong is sent already, or queued (RFC 6455
	// §5.5.2).
	OnPing(c *Conn, payload []byte) error
	// OnPong is called for each pong, asked for or not (RFC 6455 §5.5.3): by Ping, by
	// Config.PingInterval, or by nobody.
	OnPong(c *Conn, payload []byte) error
}

// BatchHooks are Hooks that are told when all of a read has been delivered, to do
// in one go what each message would cost anew: one commit for all that came
// together.
type BatchHooks interface {
	Hooks
	// OnBatch is called after one or more calls of OnMessage, before the connection
	// waits for more, is closed by the peer or fails for what the peer sent. Its
	// answers leave in one write with those of the messages.
	OnBatch(c *Conn) error
}

// Run drives the connection by hooks, on the calling goroutine, until it has
// ended, and returns how. A hook that returns an error ends the connection: with
// its code if it is a *CloseError, with CodeInternalError else; so does one that
// panics, with a *PanicError as the cause, and one that calls runtime.Goexit. The
// cause is not sent to the peer.
//
// From now on reads return ErrTaken, and Close sends and returns. A message that
// a Reader has begun and not read to its end is skipped.
//
// What Request and Response return can be had until OnOpen has returned, and is then
// forgotten. A server that holds many connections which are mostly quiet uses Serve.
func (c *Conn) Run(h Hooks) error {
	if err := c.take(byHooks); err != nil {
		return err
	}
	return c.runTaken(h, false)
}

// runTaken is Run with the reading baton; opened says that OnOpen was called before.
func (c *Conn) runTaken(h Hooks, opened bool) (end error) {
	err := errGoexit // unless what is called returns
	defer func() {
		if err != errResting {
			end = c.closeHooks(h, err)
		}
	}()
	if !opened {
		if failed := c.callOpen(h); failed != nil {
			err = failed
			return nil
		}
	}
	if err = c.deliver(h); err == errResting {
		go c.rest(h)
	}
	return nil // but for what closeHooks says
}

// callOpen calls OnOpen.
func (c *Conn) callOpen(h Hooks) error {
	defer c.forgetOpening()
	return c.call(func() error { return h.OnOpen(c) })
}

// forgetOpening drops what of the opening handshake takes much room.
func (c *Conn) forgetOpening() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hello.request, c.hello.response = nil, nil
}

// closeHooks ends the connection for err, as endWith does, and calls OnClose.
func (c *Conn) closeHooks(h Hooks, err error) error {
	e, ok := errors.AsType[*CloseError](c.endWith(err))
	if !ok {
		panic("conn: an end without a CloseError")
	}
	c.releaseReading()
	c.dropReceiver()
	c.call(func() error { h.OnClose(c, e); return nil })
	return c.Err()
}

// consumer says who takes the messages of a connection.
type consumer uint8

const (
	byCalls   consumer = iota // whoever calls Read, Reader, …
	byHooks                   // Run, Serve, an engine
	byDiscard                 // DiscardReads
)

// take takes the reading baton for good.
func (c *Conn) take(by consumer) error {
	if err := c.lockRead(context.Background()); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.consumer = by
	c.changed() // whoever waits to read waits in vain
	return nil
}

// hasHooks reports whether hooks drive the connection, or have until its end.
func (c *Conn) hasHooks() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.consumer == byHooks
}

// deliver passes messages to OnMessage until the connection ends or a hook
// returns an error.
func (c *Conn) deliver(h Hooks) error {
	if err := c.skipStream(context.Background()); err != nil {
		return err
	}
	c.recv.SetMode(protocol.Whole)
	controls, _ := h.(ControlHooks)
	for {
		c.cork()
		err := c.call(func() error { return c.deliverBatch(h, controls) })
		c.mu.Lock()
		c.uncork()
		if err != nil {
			c.mu.Unlock()
			return err
		}
		if err := c.fillUnlocking(context.Background(), true); err != nil {
			return err
		}
	}
}

// deliverBatch passes on all messages of what was received, and pings and pongs if
// controls isn't nil. The caller has corked the connection.
func (c *Conn) deliverBatch(h Hooks, controls ControlHooks) error {
	open := false // messages were delivered that OnBatch doesn't know of
	var ev protocol.Event
	for {
		err := c.recv.NextInto(&ev)
		if open && endsBatch(ev.Kind, err) {
			open = false
			if err := c.endBatch(h); err != nil {
				return err
			}
		}
		switch {
		case err == frame.ErrShort: // bare by Next's contract
			return nil
		case err != nil:
			return c.fail(err.(*frame.CloseError)) // the only other type Next returns
		case ev.Kind != protocol.Message && ev.Kind != protocol.Part: // the last message a Reader waited for may be a Part
			if err = c.control(context.Background(), ev); err == nil && controls != nil && !c.closing.Load() {
				err = c.tell(controls, ev)
			}
		case c.closing.Load():
			c.recv.SetMode(protocol.Discard) // after our Close nothing is delivered
		default:
			open = true
			c.holdsMessage()
			err = h.OnMessage(c, ev.Opcode, ev.Payload)
		}
		if err != nil {
			return err
		}
	}
}

// endsBatch reports whether what Next returned is the end of a batch: no more
// bytes, a violation, or the peer's Close.
func endsBatch(next protocol.Kind, err error) bool {
	return err != nil || next == protocol.Close
}

func (c *Conn) endBatch(h Hooks) error {
	if b, ok := h.(BatchHooks); ok {
		return b.OnBatch(c)
	}
	return nil
}

// tell calls the hook of a ping or pong that was dealt with.
func (c *Conn) tell(controls ControlHooks, ev protocol.Event) error {
	if ev.Kind == protocol.Ping {
		return controls.OnPing(c, ev.Payload)
	}
	return controls.OnPong(c, ev.Payload) // a Close has ended the connection
}

// call calls a hook, and turns a panic into an error.
func (c *Conn) call(f func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &PanicError{Value: value, Stack: debug.Stack()}
		}
	}()
	return f()
}

// endWith ends the connection for err, which is how it has ended or a hook's
// error, and returns how it ended.
func (c *Conn) endWith(err error) error {
	c.mu.Lock()
	c.uncork()
	c.mu.Unlock()
	if end := c.Err(); end != nil {
		return end
	}
	return c.leave(answer(err))
}

// answer returns what to tell the peer when a hook or handler returned err: the
// *CloseError in it if there is one, and if its code can be sent, else
// CodeInternalError. Its reason is made UTF-8, if it isn't.
func answer(err error) *CloseError {
	if e, ok := errors.AsType[*CloseError](err); ok && e.Code.Sendable() {
		return &CloseError{Code: e.Code, Reason: strings.ToValidUTF8(e.Reason, "\uFFFD"), Err: e.Err}
	}
	return &CloseError{Code: frame.CodeInternalError, Reason: "internal error", Err: err}
}
