package app

import (
	"errors"
	"math/rand/v2"
	"time"

	"github.com/godwit-ws/godwit/conn"
)

// expiry is a time at which a connection is over, unless recheck gives it another.
type expiry struct {
	at      time.Time // zero: never
	recheck func(*Conn) (time.Time, error)
}

// clock ends a connection at its time. It has a timer only while there is such a
// time. The Conn's mu guards it.
type clock struct {
	timer    *time.Timer
	age      time.Time // Config.MaxAge; zero without
	expiries []expiry
	stopped  bool
	cause    error // why the clock ended the connection
}

// ageJitter is the part of Config.MaxAge by which ages differ, up and down.
const ageJitter = 0.1

// startClock sets the times that are known when the connection is made.
func (c *Conn) startClock() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if maxAge := c.request.server.cfg.MaxAge; maxAge > 0 {
		jitter := (2*rand.Float64() - 1) * ageJitter
		c.clock.age = c.since.Add(maxAge + time.Duration(float64(maxAge)*jitter))
	}
	if e := c.request.expires; !e.at.IsZero() {
		c.clock.expiries = append(c.clock.expiries, e)
	}
	c.setClock()
}

// ExpireAt has the connection closed with 1008 at t, as when a token ends. If
// recheck isn't nil it is called then, on a goroutine of its own: it returns a later
// time, or the zero time for no further end, or an error, with which the connection
// is closed as with a hook's. Several may be set; a connection ends at the first.
func (c *Conn) ExpireAt(t time.Time, recheck func(*Conn) (time.Time, error)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clock.expiries = append(c.clock.expiries, expiry{t, recheck})
	c.setClock()
}

// setClock sets the timer for what is next. mu is held.
func (c *Conn) setClock() {
	next := c.clock.age
	for _, e := range c.clock.expiries {
		if next.IsZero() || e.at.Before(next) {
			next = e.at
		}
	}
	switch {
	case next.IsZero() || c.clock.stopped:
	case c.clock.timer == nil:
		c.clock.timer = time.AfterFunc(time.Until(next), c.tick)
	default:
		c.clock.timer.Reset(time.Until(next))
	}
}

func (k *clock) stop() {
	k.stopped = true
	if k.timer != nil {
		k.timer.Stop()
	}
}

// tick looks at what is due.
func (c *Conn) tick() {
	now := time.Now()
	c.mu.Lock()
	old := !c.clock.age.IsZero() && !now.Before(c.clock.age)
	var due []expiry
	kept := c.clock.expiries[:0]
	for _, e := range c.clock.expiries {
		if now.Before(e.at) {
			kept = append(kept, e)
		} else {
			due = append(due, e)
		}
	}
	clear(c.clock.expiries[len(kept):])
	c.clock.expiries = kept
	c.mu.Unlock()
	if old {
		c.closeFor(ErrTooOld, conn.CodeGoingAway, "connection reached its age")
		return
	}
	for _, e := range due {
		if !c.recheck(e) {
			return
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.setClock()
}

// recheck asks whether the connection may go on, and closes it if not.
func (c *Conn) recheck(e expiry) bool {
	if e.recheck == nil {
		c.closeFor(ErrExpired, conn.CodePolicyViolation, "authorisation expired")
		return false
	}
	next, err := c.callRecheck(e)
	if err != nil {
		code, reason := conn.CodePolicyViolation, "authorisation expired"
		if chosen, ok := errors.AsType[*CloseError](err); ok && chosen.Code.Sendable() {
			code, reason = chosen.Code, chosen.Reason
		}
		c.closeFor(errors.Join(ErrExpired, err), code, reason)
		return false
	}
	if !next.IsZero() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.clock.expiries = append(c.clock.expiries, expiry{next, e.recheck})
	}
	return true
}

// callRecheck calls recheck; a panic denies.
func (c *Conn) callRecheck(e expiry) (next time.Time, err error) {
	defer func() {
		if value := recover(); value != nil {
			err = c.panicked("recheck", value)
		}
	}()
	return e.recheck(c)
}

// closeFor closes the connection, with a cause for OnClose and the log.
func (c *Conn) closeFor(cause error, code conn.Code, reason string) {
	c.noteCause(cause)
	c.Close(code, reason) // fails only where the connection has ended already
}

func (c *Conn) noteCause(cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.clock.cause == nil {
		c.clock.cause = cause
	}
}
