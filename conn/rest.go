package conn

import (
	"context"
	"errors"
	"time"
)

// restAfter is how long the goroutine of a connection waits in vain before it makes way
// for a smaller one: about a second, a power of two for restDue.
var restAfter = time.Duration(1 << 30) // a variable for tests

// restDue returns when a goroutine is to make way that waits since then. All who are due
// in the next eighth of restAfter are so at the same time: to wake an idle processor
// for each takes ten times what there is to do.
func restDue(since instant) instant {
	return since.add(restAfter) | instant(restAfter>>3-1)
}

// errResting is why a goroutine leaves a connection that goes on.
var errResting = errors.New("conn: another goroutine waits for the connection")

// Serve drives the connection by hooks, as Run does, but needs the calling goroutine only
// while the connection is busy: it returns when that has ended, or has been quiet for a
// second. A quiet one goes on by itself, its hooks called on one goroutine after the
// other. How it ends OnClose is told.
//
// Call it last on the goroutine of the opening handshake, which saves starting another;
// elsewhere, go c.Serve(h).
//
// A goroutine's stack grows with the first message and hardly ever shrinks again. So
// over TCP, unix sockets and TLS on Linux one that has waited for a second ends, and a
// fresh one waits in its place until bytes come, with the smallest stack there is: a
// quiet connection takes a third less memory than with Run. Elsewhere Serve returns when
// the connection has ended.
//
// Errors: ErrTaken if the connection is driven already; how it ended, if it has. No hook
// is called then.
func (c *Conn) Serve(h Hooks) error {
	if err := c.take(byHooks); err != nil {
		return err
	}
	c.mu.Lock()
	c.rests = c.raw.rests(c)
	c.mu.Unlock()
	c.runTaken(h, false) // its error OnClose was told
	return nil
}

// tires reports whether a goroutine waits, or will, that is to make way for another one
// after restAfter. mu is held.
func (c *Conn) tires() bool { return c.t == nil && c.rests && !c.resting }

// tickRest has a goroutine that has waited for long make way for another one. mu is held.
func (c *Conn) tickRest(now instant) {
	if !c.tires() || c.tired {
		return
	}
	if due := restDue(c.timers.heard); now < due {
		c.wakeAt(due)
		return
	}
	c.tired = true
	c.kick()
}

// lieDown begins the wait that rest goes on with. It returns false if there is a reason
// not to wait. The reading baton is held, and the next goroutine's.
func (c *Conn) lieDown() bool {
	c.setResting(true)
	if !c.startWait(context.Background()) {
		c.setResting(false)
		return false
	}
	c.recv.Got(0)
	c.dropScratch()
	if c.recv.Quiet() {
		c.dropReceiver()
	}
	return true
}

// rest waits for bytes where the stack is still small, and then goes on with what Serve
// does. The reading baton is the caller's.
func (c *Conn) rest(h Hooks) {
	c.rise(c.raw.rest())
	c.runTaken(h, true)
}

// rise ends the wait that err says the end of, if it wasn't that bytes have come.
func (c *Conn) rise(err error) {
	c.stopWait(err == nil)
	c.setResting(false)
	if err != nil {
		c.wasKicked() // and what for, the next wait finds
	}
	if c.recv == nil {
		c.recv = takeReceiver(c.receiverConfig())
	}
}

func (c *Conn) setResting(resting bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.resting = resting
}
