package conn

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"time"

	"github.com/godwit-ws/godwit/conn/internal/bufpool"
)

// Sizes of the buffer that is read into, in bytes. Where the platform lets us
// wait without one, it is taken at full size when bytes are there; elsewhere it
// is held while waiting, and begins small: over TLS, where a second read finds the
// rest of a record without asking the system, smaller still.
const (
	minScratchTLS = 1 << 10
	minScratch    = 4 << 10
	maxScratch    = 64 << 10
)

// leastScratch is the size to begin with.
func (c *Conn) leastScratch() int {
	if _, ok := c.nc.(*tls.Conn); ok {
		return minScratchTLS
	}
	return minScratch
}

// never is the time limit of those who have none.
var never time.Time

// past is a deadline that wakes whoever waits under it.
var past = time.Unix(1, 0)

// receive waits for bytes and reads them to where the receiver wants them. The
// reading baton is held and all earlier bytes were looked at.
func (c *Conn) receive(ctx context.Context) (int, error) {
	if c.raw.usable() {
		return c.raw.receive(c, ctx)
	}
	buf := c.recv.Want(c.takeScratch(c.size))
	if !c.startWait(ctx) {
		return 0, nil
	}
	n, err := c.nc.Read(buf)
	c.stopWait(n > 0)
	c.adapt(n, len(buf))
	return n, err
}

// adapt chooses the size of the next scratch: larger while reads fill it.
func (c *Conn) adapt(n, size int) {
	switch {
	case n < size:
		c.size = c.leastScratch()
	case c.size < maxScratch:
		c.size *= 4
	}
}

// takeScratch returns memory of size bytes to read into, a power of two. Larger memory that
// is there from reads before goes back: it may be held for long.
func (c *Conn) takeScratch(size int) []byte {
	if c.scratch != nil && cap(c.scratch.B) != size {
		c.dropScratch()
	}
	if c.scratch == nil {
		c.scratch = bufpool.Get(size)
	}
	return c.scratch.B[:size]
}

func (c *Conn) dropScratch() {
	bufpool.Put(c.scratch)
	c.scratch = nil
}

// startWait is called before the reader waits for bytes. It returns false if
// there is a reason not to: the caller then looks for it.
func (c *Conn) startWait(ctx context.Context) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.end != nil || c.pending != nil {
		return false
	}
	if ctx.Done() != nil && !c.readWatch.set(ctx, c) {
		return false
	}
	c.readDone = ctx.Done()
	c.waiting = true
	c.holdsIn(c.recv.Held()) // with the memory that is now waited to be filled
	c.timers.waits(c, c.news, now())
	c.news = false
	return true
}

// stopWait is called when the wait is over; news says that it brought bytes. If it
// did, and began between two messages, no limit runs that the time until the next
// wait would have to be left out of: then the clock isn't read.
func (c *Conn) stopWait(news bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = false
	c.readDone = nil
	if news {
		c.tired = false
	}
	if !news || c.timers.message != 0 {
		c.timers.woke()
	}
}

// kick wakes a waiting reader, which then looks for the reason. mu is held.
func (c *Conn) kick() {
	if c.t != nil {
		c.t.Attend()
		return
	}
	if c.waiting && !c.kicked {
		c.kicked = true
		c.nc.SetReadDeadline(past) // fails only on a closed connection, which wakes as well
	}
}

// wasKicked reports whether a read ended because of a kick, and clears it away.
func (c *Conn) wasKicked() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	was := c.kicked
	if was {
		c.kicked = false
		c.nc.SetReadDeadline(never)
	}
	return was
}

// ctxEnded is called when a context ends that a watch was set to, with its Done. By
// then the connection may be driven in turns, where no context is watched.
func (c *Conn) ctxEnded(done <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.t != nil {
		return
	}
	if c.readDone == done {
		c.kick()
	}
	if c.writeDone == done {
		c.kickWriter()
	}
	c.changed()
}

// timedOut reports whether err is that of a deadline. Not every net.Conn has it
// from package os.
func timedOut(err error) bool {
	e, ok := errors.AsType[net.Error](err)
	return ok && e.Timeout() || errors.Is(err, os.ErrDeadlineExceeded)
}

// watch tells a connection when a context ends. It stays with a context until it
// is set to another one, so that using one again costs nothing.
//
// Contexts are told apart by their Done: to compare the contexts themselves would
// panic where a caller's are of a type that can't be compared.
type watch struct {
	done   <-chan struct{}
	cancel func() bool
}

// set makes w watch ctx, which has a Done, for c. It returns false if ctx has
// ended.
func (w *watch) set(ctx context.Context, c *Conn) bool {
	if ctx.Err() != nil {
		return false
	}
	done := ctx.Done()
	if w.done == done {
		return true
	}
	w.stop()
	w.done = done
	w.cancel = context.AfterFunc(ctx, func() { c.ctxEnded(done) })
	return true
}

func (w *watch) stop() {
	if w.cancel != nil {
		w.cancel()
	}
	*w = watch{}
}
