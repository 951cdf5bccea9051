package app

import (
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/godwit-ws/godwit/conn"
)

// expiry is a time at which a connection is over, unless recheck gives it another.
type expiry struct {
	at      time.Time // zero: never
	recheck func(*Conn) (time.Time, error)
	topic   string // that a grant is for, each having one expiry at most; "" for none
}

// clock ends a connection at its time. It is made when there is such a time. The
// Conn's mu guards it.
type clock struct {
	timer    *time.Timer
	age      time.Time // when Config.MaxAge is over; zero without
	expiries []expiry
	stopped  bool
	cause    error // why the connection was ended by us
}

// ageJitter is the part of Config.MaxAge by which ages differ, up and down.
const ageJitter = 0.1

// startClock sets the times that are known when the connection is made.
func (c *Conn) startClock() {
	maxAge, e := c.request.server.cfg.MaxAge, c.request.answer.expires
	c.request.answer = nil
	c.mu.Lock()
	defer c.mu.Unlock()
	if maxAge > 0 {
		jitter := (2*rand.Float64() - 1) * ageJitter
		c.needClock().age = c.ConnectedAt().Add(maxAge + time.Duration(float64(maxAge)*jitter))
	}
	if !e.at.IsZero() {
		c.needClock().expiries = []expiry{e}
	}
	c.setClock()
}

// needClock returns the clock, made if there is none yet. mu is held.
func (c *Conn) needClock() *clock {
	s := c.own()
	if s.clock == nil {
		s.clock = &clock{stopped: s.end != nil}
	}
	return s.clock
}

// ExpireAt has the connection closed with 1008 at t, as when a token ends. If
// recheck isn't nil it is called then, on a goroutine of its own: it returns a later
// time, or the zero time for no further end, or an error, with which the connection
// is closed as with a hook's. Several may be set; a connection ends at the first.
func (c *Conn) ExpireAt(t time.Time, recheck func(*Conn) (time.Time, error)) {
	c.expire(expiry{at: t, recheck: recheck})
}

// expire adds an expiry, in place of another for its topic.
func (c *Conn) expire(e expiry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.needClock()
	k.forget(e.topic)
	k.expiries = append(k.expiries, e)
	c.setClock()
}

// forget takes out the expiry of the grant for a topic. k may be nil.
func (k *clock) forget(topic string) {
	if k != nil && topic != "" {
		k.expiries = slices.DeleteFunc(k.expiries, func(e expiry) bool { return e.topic == topic })
	}
}

// setClock sets the timer for what is next. mu is held.
func (c *Conn) setClock() {
	k := c.seldom.clock
	if k == nil || k.stopped {
		return
	}
	next := k.age
	for _, e := range k.expiries {
		if next.IsZero() || e.at.Before(next) {
			next = e.at
		}
	}
	switch {
	case next.IsZero():
	case k.timer == nil:
		k.timer = time.AfterFunc(time.Until(next), c.tick)
	default:
		k.timer.Reset(time.Until(next))
	}
}

// stop ends the clock, which may be nil, and returns why it ended the connection.
func (k *clock) stop() (cause error) {
	if k == nil {
		return nil
	}
	k.stopped = true
	if k.timer != nil {
		k.timer.Stop()
	}
	return k.cause
}

// due takes the expiries out whose time has come, and reports whether the age has.
func (k *clock) due(now time.Time) (due []expiry, old bool) {
	kept := k.expiries[:0]
	for _, e := range k.expiries {
		if now.Before(e.at) {
			kept = append(kept, e)
		} else {
			due = append(due, e)
		}
	}
	clear(k.expiries[len(kept):])
	k.expiries = kept
	return due, !k.age.IsZero() && !now.Before(k.age)
}

// tick looks at what is due.
func (c *Conn) tick() {
	c.mu.Lock()
	due, old := c.seldom.clock.due(time.Now())
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
		c.deny(err)
		return false
	}
	if !next.IsZero() {
		c.expire(expiry{at: next, recheck: e.recheck, topic: e.topic})
	}
	return true
}

// deny closes the connection for an error of recheck.
func (c *Conn) deny(err error) {
	code, reason := conn.CodePolicyViolation, "authorisation expired"
	if chosen, ok := errors.AsType[*CloseError](err); ok && chosen.Code.Sendable() {
		code, reason = chosen.Code, chosen.Reason
	}
	c.closeFor(errors.Join(ErrExpired, err), code, reason)
}

// callRecheck calls recheck; a panic denies, and so does the end of its goroutine
// (runtime.Goexit), after which nobody else is left to.
func (c *Conn) callRecheck(e expiry) (next time.Time, err error) {
	returned := false
	defer func() {
		value := recover()
		switch {
		case value != nil:
			err = c.panicked("recheck", value)
		case !returned:
			c.logFailed("recheck", errHookGoexit)
			c.deny(errHookGoexit)
		}
	}()
	next, err = e.recheck(c)
	returned = true
	return next, err
}

// closeFor closes the connection, with a cause for OnClose and the log.
func (c *Conn) closeFor(cause error, code conn.Code, reason string) {
	c.mu.Lock()
	if k := c.needClock(); k.cause == nil {
		k.cause = cause
	}
	c.mu.Unlock()
	c.Close(code, reason) // fails only where the connection has ended already
}
