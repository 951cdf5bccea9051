package app

import (
	"time"

	"github.com/godwit-ws/godwit/conn"
)

// watchUntil makes the watch fire at the given time, if it wouldn't before. It is
// moved only to fire sooner, and looks again when it fires, so that a busy link
// pays for no timer per message. mu is held.
func (l *nodeLink) watchUntil(at time.Time) {
	wait := time.Until(at)
	switch {
	case l.watch == nil:
		l.watch = time.AfterFunc(wait, l.look)
	case !l.due.IsZero() && !at.Before(l.due):
		return
	default:
		l.watch.Reset(wait)
	}
	l.due = at
}

// look ends a link that owes a reply for too long, or is unused for so long.
func (l *nodeLink) look() {
	l.mu.Lock()
	if l.err != nil {
		l.mu.Unlock()
		return
	}
	l.due = time.Time{}
	now := time.Now()
	oldest, late := l.inFlight.oldest(), time.Time{}
	if oldest != nil && l.t.n.cfg.AckTimeout > 0 {
		late = oldest.since.Add(l.t.n.cfg.AckTimeout)
	}
	idle := l.idleAt()
	var code conn.Code
	var cause error
	switch {
	case !late.IsZero() && !late.After(now):
		code, cause = conn.CodePolicyViolation, errNodeLate
	case oldest == nil && len(l.pending) == 0 && !idle.After(now):
		code, cause = conn.CodeNormal, errNodeIdle
	case !late.IsZero():
		l.watchUntil(late)
	default:
		l.watchUntil(laterOf(idle, now.Add(minNodeWatch)))
	}
	l.mu.Unlock()
	if cause != nil {
		l.leave(code, cause)
	}
}

// minNodeWatch is the least time between two looks of a watch.
const minNodeWatch = 10 * time.Millisecond

// forever is when what has no limit ends.
const forever = 100 * 365 * 24 * time.Hour

// idleAt returns when the link will have been unused for IdleTimeout. mu is held.
func (l *nodeLink) idleAt() time.Time {
	if limit := l.t.n.cfg.IdleTimeout; limit > 0 {
		return l.used.Add(limit)
	}
	return l.used.Add(forever)
}

func laterOf(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
