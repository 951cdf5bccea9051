package conn

import "time"

// keepTime makes room for the times of a connection that more is to be known of
// than when it was last heard. mu is held.
func (c *Conn) keepTime() {
	if c.timers == nil {
		s := c.own()
		s.clock = timers{heard: c.heard, stopped: c.heard}
		s.timers = &s.clock
	}
}

// wakeTurnAt has Tick called at t or before. mu is held.
func (c *Conn) wakeTurnAt(t instant) {
	if c.timers.at == 0 || t < c.timers.at {
		c.timers.at = t
		c.t.WakeAt(t.time())
	}
}

// watchOverdue has the end of a closing handshake looked at in d, also if a hook holds
// up the loop until then, as it does that waits for the connection's context. mu is held.
func (c *Conn) watchOverdue(d time.Duration) {
	switch {
	case !c.inline || !c.inTurn:
	case c.timers.timer != nil:
		c.timers.timer.Reset(d)
	default:
		c.timers.timer = time.AfterFunc(d, func() { (*machine)(c).Tick(time.Now()) })
	}
}

// stopOverdue is for the end of a turn: the loop goes on. mu is held.
func (c *Conn) stopOverdue() {
	if c.timers != nil && c.timers.timer != nil {
		c.timers.timer.Stop()
		c.timers.timer = nil
	}
}

// startWaiting notes that the connection waits for bytes. Nearly always all that
// is to be known of it is when it was last heard. mu is held.
func (c *Conn) startWaiting() {
	news := c.fresh
	c.waiting, c.fresh = true, false
	if c.timers == nil && (c.recv == nil || !c.recv.Pending()) {
		if news {
			c.heard = now()
		}
		if c.silent {
			c.watchSilence()
		}
		c.disown()
		return
	}
	c.keepTime()
	c.timers.waits(c, news, now())
	c.heard = c.timers.heard
	if c.quiet() {
		c.timers = nil
		c.watchSilence()
		c.disown()
	}
}

// quiet reports whether nothing but silence is to be watched. mu is held.
func (c *Conn) quiet() bool {
	t := c.timers
	return t.message == 0 && t.ping == 0 && t.pinged == 0 && t.closeBy == 0 && !c.flushing
}

// watchSilence has Tick called when ReadTimeout may be over. mu is held.
func (c *Conn) watchSilence() {
	c.silent = false
	if c.cfg.ReadTimeout > 0 {
		c.t.WakeAt(c.heard.add(c.cfg.ReadTimeout).time())
	}
}

// Tick does what drive.Machine promises.
func (m *machine) Tick(at time.Time) {
	c, now := (*Conn)(m), instantOf(at)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.end != nil:
	case c.timers == nil:
		c.tickQuiet(now)
	default:
		c.timers.at = 0
		if !c.tickWrite(now) && !c.tickLinger(now) {
			c.lookAtClock(now)
		}
	}
}

// tickQuiet looks at a connection of which only ReadTimeout is watched. mu is
// held.
func (c *Conn) tickQuiet(now instant) {
	switch {
	case c.cfg.ReadTimeout <= 0:
	case !c.waiting:
		c.silent = true // the next wait sets it
	case now < c.heard.add(c.cfg.ReadTimeout):
		c.watchSilence()
	case c.pending == nil:
		c.own().pending = errReadTimeout
		c.kick()
	}
}

// tickWrite drops a connection whose peer takes no bytes for WriteTimeout. mu is
// held.
func (c *Conn) tickWrite(now instant) bool {
	by := c.timers.writeBy
	if by == 0 || !c.parked {
		c.timers.writeBy = 0
		return false
	}
	if now < by {
		c.wakeAt(by)
		return false
	}
	c.finish(c.cutOff(ErrWriteTimeout))
	return true
}

// tickLinger ends a connection that has lingered long enough. mu is held.
func (c *Conn) tickLinger(now instant) bool {
	if c.stage != lingering {
		return false
	}
	if now < c.coda.lingers {
		c.wakeAt(c.coda.lingers)
		return true
	}
	c.finish(c.coda.e)
	return true
}
