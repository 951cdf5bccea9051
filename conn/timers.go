package conn

import "time"

// timers holds a connection's one timer and the times it stands for. To move a
// deadline costs nothing: the timer is left alone unless it would fire too late,
// and looks again when it fires. Guarded by the Conn's mu.
type timers struct {
	timer *time.Timer
	at    time.Time // when it fires

	waiting time.Time // since when the reader waits for bytes; zero if it doesn't
	message time.Time // when the message under way began, time without a reader left out
	woken   time.Time // when the reader stopped waiting in the middle of a message
	ping    time.Time // when the next ping is due
	pinged  time.Time // when the ping was sent that nothing has followed
	closeBy time.Time // when the closing handshake is given up
}

// startTimers starts the connection's clock.
func (c *Conn) startTimers() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cfg.PingInterval > 0 {
		c.timers.ping = c.start.Add(c.cfg.PingInterval)
		c.wakeAt(c.timers.ping)
	}
}

func (c *Conn) stopTimers() {
	if c.timers.timer != nil {
		c.timers.timer.Stop()
	}
}

// wakeAt makes the timer fire at t or before. mu is held.
func (c *Conn) wakeAt(t time.Time) {
	switch {
	case c.end != nil:
	case c.timers.timer == nil:
		c.timers.at = t
		c.timers.timer = time.AfterFunc(time.Until(t), c.tick)
	case c.timers.at.IsZero() || t.Before(c.timers.at):
		c.timers.at = t
		c.timers.timer.Reset(time.Until(t))
	}
}

// closeWithin drops the connection unless it has ended by then. mu is held.
func (c *Conn) closeWithin(d time.Duration) {
	by := time.Now().Add(d)
	if c.timers.closeBy.IsZero() || by.Before(c.timers.closeBy) {
		c.timers.closeBy = by
		c.wakeAt(by)
	}
}

// waits notes that the reader waits for bytes, in the middle of a message or
// not. mu is held.
func (t *timers) waits(c *Conn, mid bool) {
	t.waiting = time.Now()
	if c.cfg.ReadTimeout > 0 {
		c.wakeAt(t.waiting.Add(c.cfg.ReadTimeout))
	}
	if !t.pinged.IsZero() && c.cfg.PongTimeout > 0 {
		c.wakeAt(t.waiting.Add(c.cfg.PongTimeout))
	}
	switch {
	case !mid:
		t.message = never
		return
	case t.message.IsZero():
		t.message = t.waiting
	case !t.woken.IsZero():
		t.message = t.message.Add(t.waiting.Sub(t.woken)) // nobody read meanwhile
	}
	t.woken = never
	if limit := c.cfg.MessageTimeout; limit > 0 {
		c.wakeAt(t.message.Add(limit))
	}
}

// woke notes that the wait is over. mu is held.
func (t *timers) woke(c *Conn, mid bool) {
	t.waiting = never
	if mid {
		t.woken = time.Now()
	}
}

// tick looks at what is due, acts on it, and sets the timer for what is next.
func (c *Conn) tick() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.end != nil {
		return
	}
	now := time.Now()
	c.timers.at = never
	if by := c.timers.closeBy; !by.IsZero() {
		if !now.Before(by) {
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
	if c.sentClose == nil {
		c.finish(abnormal(c.writeErr))
		return
	}
	c.finish(because(c.sentClose, ErrCloseTimeout))
}

// tickReader looks at the timeouts of reading, which are suspended while nobody
// waits for bytes. The reader itself then ends the connection. mu is held.
func (c *Conn) tickReader(now time.Time) {
	t := &c.timers
	if t.waiting.IsZero() {
		return // the next wait sets the timer
	}
	for _, limit := range []struct {
		since  time.Time
		within time.Duration
		answer *CloseError
	}{
		{t.waiting, c.cfg.ReadTimeout, errReadTimeout},
		{t.message, c.cfg.MessageTimeout, errMessageTimeout},
		{later(t.pinged, t.waiting), c.cfg.PongTimeout, errPongTimeout},
	} {
		if limit.since.IsZero() || limit.within <= 0 {
			continue
		}
		due := limit.since.Add(limit.within)
		if !now.Before(due) {
			c.pending = limit.answer
			c.kick()
			return
		}
		c.wakeAt(due)
	}
}

// later returns the later of a ping and the start of the wait, since what came
// in between shows a living peer; zero if there was no ping.
func later(ping, waiting time.Time) time.Time {
	if ping.IsZero() || ping.After(waiting) {
		return ping
	}
	return waiting
}
