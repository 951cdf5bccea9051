package conn

import (
	"github.com/godwit-ws/godwit/conn/internal/bufpool"
	"github.com/godwit-ws/godwit/conn/internal/drive"
)

// flushTurn is flush in turns: it writes the output, then tail, then what others
// have queued, as far as the socket takes it, and returns why writing is over, or
// nil. What is left waits, with the write baton, for Writable. mu is held, except
// while writing, and the caller has the baton.
func (c *Conn) flushTurn(tail []byte) error {
	for carried := 0; ; {
		c.parked = false
		if c.out != nil && !c.writeTurn(tail) { // where there is a tail, its header is in the output
			break
		}
		tail = nil
		if c.out == nil && c.queue.empty() || c.brokenWrite() != nil {
			c.layBatonDown()
			break
		}
		if c.out != nil {
			continue // the socket takes bytes again
		}
		if carried > carryLimit { // enough for others
			c.resume = true
			if c.t.Attend(); !c.inline { // the hook of a turn that is under way may be waiting for it
				go c.resumeFlush()
			}
			break
		}
		out := c.output(min(c.queue.waiting.bytes, commitSize))
		c.queue.commit(&c.send, out)
		carried += len(out.B)
	}
	c.releaseTransport()
	return c.brokenWrite()
}

// resumeFlush goes on with a flush that has stopped for others.
func (c *Conn) resumeFlush() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.resume {
		c.resume = false
		c.flushTurn(nil)
	}
}

// layBatonDown ends a flush. mu is held.
func (c *Conn) layBatonDown() {
	c.flushing = false
	if c.brokenWrite() != nil {
		c.dropQueue()
		c.dropOut()
	}
	c.settle()
	c.unpause()
	c.advanceEnd()
	c.changed()
}

func (c *Conn) dropQueue() {
	if !c.queue.empty() {
		c.queue.reset()
	}
}

// writeTurn writes the output and then tail. It returns false if the socket takes
// no more at the moment: what is left is then the output. mu is held, except while
// writing.
func (c *Conn) writeTurn(tail []byte) (done bool) {
	out := c.out
	c.out = nil
	w := pendingWrite{head: out.B, tail: tail, last: c.stage == ending && c.coda.how == leaveFirst}
	c.mu.Unlock()
	err := c.transmitTurn(&w)
	c.mu.Lock()
	switch {
	case err == nil:
		bufpool.Put(out)
		if c.timers != nil {
			c.timers.writeBy = 0
		}
		c.writes++
		c.changed()
		return true
	case err != drive.ErrWouldBlock: // bare by Write's contract
		bufpool.Put(out)
		c.writeFailed(err)
		return true
	case c.end != nil: // nobody is to wait any more
		bufpool.Put(out)
		return true
	}
	c.out = keptRest(out, &w)
	return !c.park(w.written)
}

// transmitTurn writes w, until it is done or the socket takes no more.
func (c *Conn) transmitTurn(w *pendingWrite) error {
	for awaited := false; !w.done(); {
		head, tail := w.parts()
		n, err := c.t.Write(head, tail, w.last)
		w.advance(n)
		switch {
		case err == nil:
		case err == drive.ErrWouldBlock && !awaited:
			awaited = true
			c.t.AwaitWrite()
		default:
			return err
		}
	}
	return nil
}

// park leaves the write baton to Writable. It returns false if the socket has
// taken bytes since. mu is held.
func (c *Conn) park(progress int) bool {
	if c.retry {
		c.retry = false
		return false
	}
	c.parked = true
	c.account()
	if c.cfg.WriteTimeout > 0 {
		c.keepTime()
		if progress > 0 || c.timers.writeBy == 0 {
			c.timers.writeBy = now().add(c.cfg.WriteTimeout)
		}
		c.wakeAt(c.timers.writeBy)
	}
	if c.unsent() <= corkLimit/2 {
		c.unpause()
	}
	return true
}

// unpause lets a turn read again. mu is held.
func (c *Conn) unpause() {
	if c.paused {
		c.paused = false
		c.t.Attend()
	}
}

// Writable does what drive.Machine promises.
func (m *machine) Writable() {
	c := (*Conn)(m)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.end != nil: // the descriptor may be another's by now
	case c.parked:
		c.flushTurn(nil)
	case c.flushing:
		c.retry = true
	}
}

// FlushCork does what drive.Machine promises.
func (m *machine) FlushCork() {
	c := (*Conn)(m)
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.corked {
		return
	}
	c.corked = false
	if c.out != nil && !c.flushing && c.brokenWrite() == nil {
		c.startFlush()
	}
}
