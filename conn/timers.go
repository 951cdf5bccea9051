package conn

import "time"

// timers holds a connection's one timer and the times it stands for. To move a
// deadline costs nothing: the timer is left alone unless it would fire too late,
// and looks again when it fires. Guarded by the Conn's mu.
type timers struct {
	timer *time.Timer // in turns: watchOverdue's
	at    instant     // when it fires

	stopped instant // when the reader stopped waiting
	heard   instant // when bytes came, or were first waited for; time without a reader left out
	message instant // when the message under way began, likewise; 0 if there is none
	ended   uint64  // the receiver's count of messages before that one
	ping    instant // when the next ping is due
	pinged  instant // when the ping was sent that no pong has followed, likewise
	called  instant // when the reader was woken to end the connection
	closeBy instant // when the closing handshake is given up
	writeBy instant // when a peer that takes no bytes is given up; 0 while nothing waits for it
}

// startTimers starts the connection's clock.
func (c *Conn) startTimers() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.startPings()
}

// startPings has the connection's own pings sent, if there are to be any. mu is held.
func (c *Conn) startPings() {
	if c.cfg.PingInterval > 0 {
		c.keepTime()
		c.timers.ping = now().add(c.cfg.PingInterval)
		c.wakeAt(c.timers.ping)
	}
}

func (c *Conn) stopTimers() {
	if c.timers.timer != nil {
		c.timers.timer.Stop()
	}
}

// wakeAt makes the timer fire at t or before. mu is held.
func (c *Conn) wakeAt(t instant) {
	switch {
	case c.end != nil:
	case c.t != nil:
		c.wakeTurnAt(t)
	case c.timers.timer == nil:
		c.timers.at = t
		c.timers.timer = time.AfterFunc(t.until(), c.tick)
	case c.timers.at == 0 || t < c.timers.at:
		c.timers.at = t
		c.timers.timer.Reset(t.until())
	}
}

// closeWithin drops the connection unless it has ended by then. mu is held.
func (c *Conn) closeWithin(d time.Duration) {
	c.keepTime()
	by := now().add(d)
	if c.timers.closeBy == 0 || by < c.timers.closeBy {
		c.timers.closeBy = by
		c.wakeAt(by)
	}
}

// waits notes that the reader waits for bytes, in the middle of a message or not.
// news says that some have come since it waited last. mu and the reading baton
// are held.
func (t *timers) waits(c *Conn, news bool, now instant) {
	without := now - t.stopped // a reader
	switch {
	case news || t.heard == 0:
		t.heard = now
	default:
		t.heard += without
		t.pinged = shift(t.pinged, without, now)
	}
	switch {
	case c.recv == nil || !c.recv.Pending():
		t.message = 0
	case t.message == 0 || t.ended != c.recv.Ended():
		t.message, t.ended = now, c.recv.Ended()
	default:
		t.message += without
	}
	if c.tires() {
		c.wakeAt(restDue(t.heard))
	}
	if t.message == 0 && t.pinged == 0 { // nearly always
		if d := c.cfg.ReadTimeout; d > 0 {
			c.wakeAt(t.heard.add(d))
		}
		return
	}
	for _, limit := range c.readLimits() {
		if due, ok := limit.due(); ok {
			c.wakeAt(due)
		}
	}
}

// shift moves an instant by d, but not past now; 0 stays.
func shift(t, d, now instant) instant {
	if t == 0 {
		return t
	}
	return min(t+d, now)
}

// woke notes that the wait is over. mu is held.
func (t *timers) woke() { t.stopped = now() }

// readLimit is a timeout of reading: since when it runs, 0 if it doesn't, how
// long, and how the connection then ends.
type readLimit struct {
	since  instant
	within time.Duration
	answer *CloseError
}

// readLimits returns the timeouts of reading. mu is held.
func (c *Conn) readLimits() [3]readLimit {
	t := c.timers
	return [3]readLimit{
		{t.heard, c.cfg.ReadTimeout, errReadTimeout},
		{t.message, c.cfg.MessageTimeout, errMessageTimeout},
		{later(t.pinged, t.heard), c.cfg.PongTimeout, errPongTimeout},
	}
}

// due returns when the limit is reached; ok is false if it isn't running.
func (l *readLimit) due() (at instant, ok bool) {
	return l.since.add(l.within), l.since != 0 && l.within > 0
}

// tick looks at what is due, acts on it, and sets the timer for what is next. It may
// come too late: since, the connection may have ended, or be driven in turns.
func (c *Conn) tick() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.end == nil && c.t == nil {
		c.timers.at = 0
		now := now()
		c.tickWriter(now)
		c.lookAtClock(now)
	}
}

// tickWriter breaks off a write that makes no progress: the writer then ends the
// connection. mu is held.
func (c *Conn) tickWriter(now instant) {
	switch by := c.timers.writeBy; {
	case by == 0:
	case now < by:
		c.wakeAt(by)
	case c.writeDeadline: // it was woken, and sleeps on: the deadlines of the connection below do nothing
		c.finish(c.cutOff(ErrWriteTimeout))
	default:
		c.kickWriter()
		c.timers.writeBy = now.add(goneTimeout)
		c.wakeAt(c.timers.writeBy)
	}
}

// lookAtClock does what tick does. mu is held.
func (c *Conn) lookAtClock(now instant) {
	if by := c.timers.closeBy; by != 0 {
		if now >= by {
			c.giveUpClosing()
			return
		}
		c.wakeAt(by)
	}
	c.tickPing(now)
	c.tickReader(now)
}

// giveUpClosing drops a connection whose closing handshake takes too long. mu is
// held.
func (c *Conn) giveUpClosing() {
	switch {
	case c.sentClose != nil:
		c.finish(because(c.sentClose, ErrCloseTimeout))
	case c.coda != nil: // the peer has ended its direction, and doesn't read
		c.finish(c.coda.e)
	default:
		c.finish(abnormal(c.writeErr))
	}
}

// tickReader looks at the timeouts of reading, which are suspended while nobody
// waits for bytes. The reader itself then ends the connection. mu is held.
func (c *Conn) tickReader(now instant) {
	if !c.waiting {
		return // the next wait sets the timer
	}
	if c.pending != nil {
		c.tickDeaf(now)
		return
	}
	c.tickRest(now)
	for _, limit := range c.readLimits() {
		due, ok := limit.due()
		switch {
		case !ok:
		case now < due:
			c.wakeAt(due)
		default:
			c.own().pending = limit.answer
			c.timers.called = now
			c.kick()
			c.wakeAt(now.add(goneTimeout))
			return
		}
	}
}

// tickDeaf drops a connection whose reader was woken to end it and sleeps on: the
// deadlines of the connection below do nothing. mu is held.
func (c *Conn) tickDeaf(now instant) {
	due := c.timers.called.add(goneTimeout)
	if now < due {
		c.wakeAt(due)
		return
	}
	c.finish(c.pending)
}

// later returns the later of a ping and of what was heard last, which shows a
// living peer; 0 if there was no ping.
func later(ping, heard instant) instant {
	if ping == 0 {
		return 0
	}
	return max(ping, heard)
}
