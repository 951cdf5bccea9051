package conn

import (
	"github.com/godwit-ws/godwit/conn/internal/drive"
	"github.com/godwit-ws/godwit/conn/protocol"
)

// conclude decides on the end, which the turn that is under way reaches or leaves
// to later ones: unless the connection is lost, the output is written first, and
// the peer has a while to close its direction. It returns an error for those who
// pass messages on. mu is held.
func (c *Conn) conclude(e *CloseError, how parting) error {
	if c.stage < ending {
		c.stage = ending
		c.own().coda = &coda{e: e, how: how}
	}
	return ended{e}
}

// advanceEnd goes on with an end that was decided, as far as possible. mu is held.
func (c *Conn) advanceEnd() {
	if c.stage != ending || c.end != nil || c.inTurn {
		return
	}
	switch {
	case c.coda.how == leaveNow || c.brokenWrite() != nil:
		c.finish(c.coda.e)
		return
	case c.flushing || c.out != nil:
		return // whoever writes looks again
	}
	if c.coda.how == leaveFirst {
		c.t.CloseWrite()
	}
	if c.coda.eof {
		c.finish(c.coda.e)
		return
	}
	c.stage = lingering
	c.coda.lingers = now().add(lingerTime)
	c.keepTime()
	c.wakeAt(c.coda.lingers)
}

// dropInput drops what the peer still sends, until it has closed its direction or
// enough has come.
func (c *Conn) dropInput(scratch []byte) drive.Outcome {
	n, err := c.t.Read(scratch)
	c.coda.dropped += n
	switch {
	case err == drive.ErrWouldBlock: // bare by Read's contract
		return drive.Drained
	case err == nil && c.coda.dropped < lingerBytes:
		return drive.More
	}
	return c.endOfInput()
}

// endOfInput is the end of a lingering connection. One that is still to write its
// last output waits for that.
func (c *Conn) endOfInput() drive.Outcome {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.coda.eof = true
	if c.stage == lingering {
		c.coda.how, c.stage = leaveNow, ending // endTurn ends it
	}
	return drive.Paused
}

// finishTurns does the rest of finish: the transport is closed when nobody uses
// it, and a turn sees to OnClose. mu is held.
func (c *Conn) finishTurns() {
	c.releaseTransport()
	if !c.inTurn {
		c.t.Attend()
	}
	c.changed()
}

// releaseTransport closes the transport of a connection that has ended, unless
// somebody uses it, who then looks again. mu is held.
func (c *Conn) releaseTransport() {
	switch {
	case c.end == nil || c.released:
	case c.inTurn || c.flushing && !c.parked && !c.resume:
		c.t.Shutdown()
	default:
		c.released = true
		c.t.Close()
	}
}

// releaseAfterTurn drops what a connection that has ended needs no more. mu is
// held.
func (c *Conn) releaseAfterTurn() {
	if c.parked || c.resume {
		c.parked, c.resume, c.flushing = false, false, false
	}
	if !c.flushing {
		c.dropQueue()
		c.dropOut()
	}
	if c.seldom != &nothing {
		c.timers, c.coda = nil, nil
	}
}

// parting is how a connection ends after its closing handshake.
func (c *Conn) parting() parting {
	if c.send.Role() == protocol.Client {
		return leaveLast
	}
	return leaveFirst
}
