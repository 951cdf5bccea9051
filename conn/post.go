package conn

import "github.com/godwit-ws/godwit/frame"

// Overflow says what happens to a message for which there is no room in the queue
// of a connection whose peer reads too slowly.
type Overflow uint8

const (
	// OverflowClose ends the connection with CodeTryAgainLater: the peer may come
	// back and begin anew.
	OverflowClose Overflow = iota
	// DropNewest doesn't send the message.
	DropNewest
	// DropOldest drops messages posted with DropOldest or KeepLatest that still wait,
	// the oldest first, until there is room. If that wouldn't make enough, the message
	// isn't sent, and nothing is dropped for it.
	DropOldest
	// KeepLatest replaces a waiting message that was posted with KeepLatest and the
	// same Key, whether there is room or not. The new one takes the place of the old, so
	// that what changes all the time isn't put off for ever: it may come before
	// messages that were sent between the two. Where none waits, and where the new one
	// is too long for the place, it does as DropOldest.
	KeepLatest
)

// Posting says how Post deals with a slow peer. The zero value ends its connection
// when Config.MaxQueued bytes or 1024 messages wait.
type Posting struct {
	// Overflow is what happens when there is no room.
	Overflow Overflow
	// Key tells what a message is about, for KeepLatest.
	Key string
	// MaxBytes is how many bytes may wait on the connection, whoever sent them, with
	// the message to be queued. 0 means Config.MaxQueued; negative means no limit. A
	// single message is taken whatever its size where no other waits.
	MaxBytes int
	// MaxMessages is the same, in messages. 0 means 1024; negative means no limit.
	MaxMessages int
}

// defaultMaxMessages is the default of Posting.MaxMessages.
const defaultMaxMessages = 1024

// Post sends m without ever waiting, for those who send to many. If nothing is
// being written, m is written as far as the socket takes it at once, and the rest by
// the engine; inside hooks it is corked, as Write is. Behind a write in progress,
// and behind a MessageWriter's message, it is queued: uncompressed, and shared with
// all other connections it waits on. p says what happens when there is no room.
// What is left of the queue keeps its order (but see KeepLatest), a frame that was
// begun is finished, and only posted messages give way to others, never control
// frames, or messages of Write. What waits behind a MessageWriter when the
// connection is closed isn't sent.
//
// dropped is how many messages were given up for lack of room, m itself
// included. The error is that of a connection on which nothing can be sent any
// more, also when Post itself has just ended it. Whoever drives the connection, a
// peer that takes nothing at all for Config.WriteTimeout is dropped.
func (c *Conn) Post(m *Prepared, p Posting) (dropped int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.unwritable(); err != nil {
		return 0, err
	}
	if c.flushing || c.writer != nil {
		return c.postBehind(m, p)
	}
	out := c.output(c.send.Room(m.Len()))
	out.B = c.send.AppendPrepared(out.B, m)
	if c.corked && len(out.B) < corkLimit {
		c.watchCork()
		return 0, nil
	}
	c.flushNow()
	return 0, nil
}

// Queued returns how many messages wait behind a write in progress, or behind a
// MessageWriter's message, and what all that waits counts for in bytes: its length
// and 14 for each message and control frame. What is being written is not among it.
func (c *Conn) Queued() (messages, bytes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	all, _ := c.backlog()
	return all.messages, all.bytes
}

// backlog is what waits, and how much of it may give way. mu is held.
func (c *Conn) backlog() (all, posted load) {
	all, posted = c.queue.waiting, c.queue.posted
	if w := c.writer; w != nil {
		all.add(w.held.waiting)
		posted.add(w.held.posted)
	}
	return all, posted
}

// postBehind queues m, or does what p says if there is no room. mu is held.
func (c *Conn) postBehind(m *Prepared, p Posting) (dropped int, err error) {
	if p.Overflow == KeepLatest || p.Overflow == DropOldest {
		return c.postOver(m, p), nil
	}
	if c.hasRoom(m, &p, load{}) {
		c.enqueue(m, &p)
		return 0, nil
	}
	if p.Overflow == OverflowClose {
		c.failLater(&CloseError{Code: frame.CodeTryAgainLater, Reason: "too many messages wait", Err: ErrOverflow})
		return 1, c.unwritable()
	}
	return 1, nil
}

// postOver is postBehind for messages that others give way to, and that give way
// themselves. mu is held.
func (c *Conn) postOver(m *Prepared, p Posting) (dropped int) {
	if _, posted := c.backlog(); !c.hasRoom(m, &p, posted) {
		return 1
	}
	for ; ; dropped++ {
		q, old := c.replaced(&p)
		switch {
		case old == nil && c.hasRoom(m, &p, load{}):
			c.enqueue(m, &p)
			return c.gaveWay(dropped)
		case old != nil && c.hasRoom(m, &p, old.load()):
			q.replace(old, m)
			return c.gaveWay(dropped + 1)
		}
		if !c.queue.dropOldest() && (c.writer == nil || !c.writer.held.dropOldest()) {
			panic("conn: nothing gives way where there was to be room")
		}
	}
}

// replaced returns the waiting message that one with p takes the place of, and its
// queue; nil if there is none.
func (c *Conn) replaced(p *Posting) (*queue, *entry) {
	if p.Overflow != KeepLatest {
		return nil, nil
	}
	if e := c.queue.find(p.Key); e != nil || c.writer == nil {
		return &c.queue, e
	}
	return &c.writer.held, c.writer.held.find(p.Key)
}

// gaveWay tells those who wait for room of n messages that are gone, and returns n.
func (c *Conn) gaveWay(n int) int {
	if n > 0 {
		c.changed()
	}
	return n
}

// hasRoom reports whether m may be queued once what is to go has gone. mu is held.
func (c *Conn) hasRoom(m *Prepared, p *Posting, goes load) bool {
	maxBytes, maxMessages := p.MaxBytes, p.MaxMessages
	orDefault(&maxBytes, c.cfg.MaxQueued)
	orDefault(&maxMessages, defaultMaxMessages)
	left, _ := c.backlog()
	left.sub(goes)
	return left.messages == 0 ||
		(maxBytes < 0 || m.Len() <= maxBytes-left.bytes) && (maxMessages < 0 || left.messages < maxMessages)
}

// enqueue queues m, behind a MessageWriter's message if there is one. mu is held.
func (c *Conn) enqueue(m *Prepared, p *Posting) {
	e := entry{kind: posted, prepared: m, overflow: p.Overflow}
	if p.Overflow == KeepLatest {
		e.key = p.Key
	}
	if c.writer != nil {
		c.writer.held.push(e)
	} else {
		c.own().queue.push(e)
		c.account()
	}
}

// queueAll queues what has waited behind a MessageWriter's message, and sees to it
// that it leaves. mu is held, and nobody writes a message in pieces any more.
func (c *Conn) queueAll(held *queue) {
	if held.empty() {
		return
	}
	for _, e := range held.entries {
		if e.kind != given {
			c.own().queue.push(e)
		}
	}
	held.reset()
	if !c.flushing {
		c.startFlush()
	}
}

// dropHeld drops what waits behind a MessageWriter's message, which can't be sent
// any more. mu is held.
func (c *Conn) dropHeld() {
	if c.writer != nil {
		c.writer.held.reset()
	}
}
