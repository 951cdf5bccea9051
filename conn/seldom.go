package conn

import (
	"sync"

	"github.com/godwit-ws/godwit/conn/internal/bufpool"
)

// seldom is what most connections have nothing of, most of the time. A goroutine
// that waits for its connection has one of its own; a connection that is driven in
// turns, and of which there is nothing to be known, has nothing: one that all such
// share, for reading. Guarded by the Conn's mu, but for early and coda.dropped.
type seldom struct {
	*blocking // nil in turns

	holds   holding        // of the budget
	queue   queue          // messages not yet encoded for the wire, behind out
	cond    *sync.Cond     // any change of state that someone may wait for; made by the first to wait
	waiters int            // those who wait for it
	writer  *MessageWriter // whose message is under way

	end       error       // how it ended; ended{}, set once
	sentClose *CloseError // what we sent
	writeErr  error       // writing is over, reading may still find the reason
	pending   *CloseError // the reader is to fail the connection with it

	userCtx *userContext
	pings   *pings  // made by the first ping
	timers  *timers // clock; nil in turns while it would say no more than when bytes came last
	clock   timers

	early *bufpool.Buffer // in turns: bytes that came before the first
	coda  *coda           // in turns: once the end is decided
}

// nothing is what all those share that have nothing.
var nothing seldom

// spare holds seldoms for those who have something for a moment, such as a part of a
// message.
var spare = sync.Pool{New: func() any { return new(seldom) }}

// own must be called before a field of seldom is set. mu is held.
func (c *Conn) own() *seldom {
	if c.seldom == &nothing {
		c.seldom = spare.Get().(*seldom)
	}
	return c.seldom
}

// disown gives back a seldom that has nothing, in turns. mu is held.
func (c *Conn) disown() {
	s := c.seldom
	if s == &nothing || s.holds != (holding{shard: s.holds.shard}) || !s.queue.empty() || s.cond != nil || s.writer != nil || s.end != nil || s.sentClose != nil || s.writeErr != nil ||
		s.pending != nil || s.userCtx != nil || s.pings != nil || s.timers != nil || s.early != nil || s.coda != nil {
		return
	}
	c.seldom = &nothing
	s.queue.reset()
	*s = seldom{queue: queue{entries: s.queue.entries}}
	spare.Put(s)
}
