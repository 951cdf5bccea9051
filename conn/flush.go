package conn

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/godwit-ws/godwit/conn/internal/bufpool"
)

// carryLimit is how many bytes of others a sender writes before it hands the
// rest to a goroutine, in bytes.
const carryLimit = 256 << 10

// pieceSize is how many bytes are given to net.Conn at a time, so that progress
// is seen.
const pieceSize = 64 << 10

// pendingWrite is the write in progress. It belongs to the write baton.
type pendingWrite struct {
	head    []byte // encoded bytes
	tail    []byte // a payload written from where it lies, behind head
	last    bool   // our direction ends behind it, so that the system may send both at once
	written int
}

func (w *pendingWrite) done() bool { return len(w.head)+len(w.tail) == 0 }

func (w *pendingWrite) advance(n int) {
	w.written += n
	fromHead := min(n, len(w.head))
	w.head, w.tail = w.head[fromHead:], w.tail[n-fromHead:]
}

// A payload of longTail bytes or more, behind a header, is written in two parts, of
// which the first has firstPart.
const (
	longTail  = 192 << 10
	firstPart = 64 << 10
)

// parts returns what the next system call is to write. While the rest of a long
// payload is copied, the peer, or the network's hardware, is at work on its first
// part: an echo of 200 KiB to 1 MiB takes a quarter less time of the processor, and
// comes a fifth sooner.
func (w *pendingWrite) parts() (head, tail []byte) {
	if len(w.head) > 0 && len(w.tail) >= longTail {
		return w.head, w.tail[:firstPart]
	}
	return w.head, w.tail
}

// piece returns what to write next to what isn't a socket of ours.
func (w *pendingWrite) piece() []byte {
	p := w.head
	if len(p) == 0 {
		p = w.tail
	}
	return p[:min(len(p), pieceSize)]
}

// Flush writes what a cork holds back. Outside hooks nothing is ever held back.
func (c *Conn) Flush(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.unwritable(); err != nil {
		return err
	}
	if c.out == nil || c.flushing {
		return nil
	}
	return c.flush(ctx, nil, false)
}

// flush takes the write baton and writes the output, then tail, then what others
// have queued meanwhile. lone says that the output is one message, which is taken
// back if ctx ends before a byte of it was written. mu is held and nobody is
// flushing.
func (c *Conn) flush(ctx context.Context, tail []byte, lone bool) error {
	c.flushing = true
	if c.t != nil {
		return c.flushTurn(tail)
	}
	if c.fragile && ctx.Done() != nil {
		return c.flushElsewhere(ctx, tail)
	}
	err := c.writeOut(ctx, tail)
	if !errors.Is(err, errInterrupted) {
		c.carry()
		return err
	}
	if lone && c.wr.written == 0 {
		c.dropOut()
		c.carry()
		return writeError(ctx.Err())
	}
	c.goFlush()
	return ErrWriteUnfinished
}

// flushElsewhere lets a goroutine write, and waits for it as long as ctx lasts:
// where a write that was interrupted couldn't be taken up again.
func (c *Conn) flushElsewhere(ctx context.Context, tail []byte) error {
	c.out.Grow(len(tail))
	c.out.B = append(c.out.B, tail...)
	target := c.writes + 1
	c.goFlush()
	if !c.writeWatch.set(ctx, c) {
		return ErrWriteUnfinished
	}
	for int32(c.writes-target) < 0 {
		if err := c.brokenWrite(); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ErrWriteUnfinished
		}
		c.wait()
	}
	return c.brokenWrite()
}

// brokenWrite returns why writing is over, other than by our own Close. mu is
// held.
func (c *Conn) brokenWrite() error {
	switch {
	case c.end != nil:
		return c.end
	case c.writeErr != nil:
		return ended{abnormal(c.writeErr)}
	}
	return nil
}

// goFlush gives the write baton to a goroutine. mu is held.
func (c *Conn) goFlush() {
	if c.flushFn == nil {
		c.flushFn = c.flushLoop
	}
	go c.flushFn()
}

// flushLoop writes what is there, as the holder of the write baton.
func (c *Conn) flushLoop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.out != nil {
		c.writeOut(context.Background(), nil) // its error is in the state
	}
	c.carry()
}

// carry writes what others have queued, and lays the write baton down. mu is
// held, except while writing.
func (c *Conn) carry() {
	for carried := 0; !c.queue.empty() && c.brokenWrite() == nil; {
		if carried > carryLimit {
			c.goFlush()
			return
		}
		out := c.output(min(c.queue.waiting.bytes, commitSize))
		c.queue.commit(&c.send, out)
		carried += len(out.B)
		c.writeOut(context.Background(), nil) // its error is in the state
	}
	if c.brokenWrite() != nil {
		c.queue.reset()
		c.dropOut()
	}
	c.flushing = false
	c.settle()
	c.changed()
}

// writeOut writes the output and then tail. When ctx ends first it keeps what is
// left of both as the output and returns errInterrupted; any other error ends
// writing on this connection. mu is held, except while writing.
func (c *Conn) writeOut(ctx context.Context, tail []byte) error {
	out := c.out
	c.out = nil
	c.wr = pendingWrite{head: out.B, tail: tail, last: c.farewell}
	c.mu.Unlock()
	err := c.transmit(ctx)
	c.mu.Lock()
	c.unblockWrite()
	c.writes++
	switch {
	case err == nil:
		bufpool.Put(out)
	case errors.Is(err, errInterrupted):
		c.out = keptRest(out, &c.wr)
	default:
		bufpool.Put(out)
		err = c.writeFailed(err)
	}
	c.wr.head, c.wr.tail = nil, nil
	c.holdsFlight(0)
	c.changed()
	return err
}

// keptRest returns what is left of w in memory of our own. The head lay in out.
func keptRest(out *bufpool.Buffer, w *pendingWrite) *bufpool.Buffer {
	if len(w.tail) == 0 {
		out.B = append(out.B[:0], w.head...)
		return out
	}
	rest := bufpool.Get(len(w.head) + len(w.tail))
	rest.B = append(append(rest.B, w.head...), w.tail...)
	bufpool.Put(out)
	return rest
}

func (c *Conn) dropOut() {
	bufpool.Put(c.out)
	c.out = nil
}

// transmit writes c.wr to the connection below.
func (c *Conn) transmit(ctx context.Context) error {
	if c.raw.usable() {
		return c.raw.send(c, ctx)
	}
	for !c.wr.done() {
		if !c.blockWrite(ctx) {
			return errInterrupted
		}
		n, err := c.nc.Write(c.wr.piece())
		c.wr.advance(n)
		switch {
		case err == nil && n == 0:
			return io.ErrNoProgress
		case err == nil:
		case timedOut(err) && n > 0 && ctx.Err() == nil: // some progress, and there may be more
		default:
			return interrupted(ctx, err)
		}
	}
	return nil
}

// interrupted returns errInterrupted in place of err if err came of ctx's end.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil && timedOut(err) {
		return errInterrupted
	}
	return err
}

// blockWrite prepares for a write that may have to wait: for WriteTimeout, and
// for ctx. It returns false if ctx has ended. The connection below has a deadline only
// where it is to be woken: to set one for each write costs more than all else here.
func (c *Conn) blockWrite(ctx context.Context) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ctx.Err() != nil {
		return false
	}
	c.holdsFlight(len(c.wr.head) + len(c.wr.tail))
	if ctx.Done() != nil && c.end == nil { // after the end a watch would stay for ever
		if !c.writeWatch.set(ctx, c) {
			return false
		}
		c.writeDone = ctx.Done()
	}
	c.liftDeadline() // which came too late for the piece before
	if timeout := c.cfg.WriteTimeout; timeout > 0 {
		c.timers.writeBy = now().add(timeout)
		c.wakeAt(c.timers.writeBy)
	}
	return true
}

// unblockWrite takes back what blockWrite did. mu is held.
func (c *Conn) unblockWrite() {
	c.writeDone = nil
	c.timers.writeBy = 0
	c.liftDeadline()
}

// kickWriter breaks a write off that waits. mu is held.
func (c *Conn) kickWriter() {
	c.writeDeadline = true
	c.nc.SetWriteDeadline(past) // fails only on a closed connection
}

// liftDeadline takes back what kickWriter did. mu is held.
func (c *Conn) liftDeadline() {
	if c.writeDeadline {
		c.writeDeadline = false
		c.nc.SetWriteDeadline(never)
	}
}

// writeFailed sorts an error of the connection below. mu is held.
//
// A peer that takes nothing is dropped at once. Where the peer is gone, its Close
// may still be there to read, so whoever reads finds the end.
func (c *Conn) writeFailed(err error) error {
	switch {
	case c.writeErr != nil || c.end != nil:
	case timedOut(err):
		c.finish(c.cutOff(ErrWriteTimeout))
	case c.reading:
		c.own().writeErr = err
		c.closeWithin(goneTimeout)
	default:
		c.own().writeErr = err
		c.finish(c.cutOff(err))
	}
	return c.brokenWrite()
}

// cutOff is the end of a connection that was lost for a cause: how it was to end,
// if a Close was sent. mu is held.
func (c *Conn) cutOff(cause error) *CloseError {
	if c.sentClose != nil {
		return because(c.sentClose, cause)
	}
	return abnormal(cause)
}

// goneTimeout is how long a reader may look for the Close of a peer that can't be
// written to.
const goneTimeout = time.Second
