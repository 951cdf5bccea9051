//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package eventloop

import "time"

// tick is the wheel's grain.
const tick = 10 * time.Millisecond

// clock is time.Now at half its price: the clock on the wall isn't looked at.
func (l *loop) clock() time.Time { return l.start.Add(time.Since(l.start)) }

// nextDue returns when something in the wheel is due; zero if nothing is.
func (l *loop) nextDue() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	at, ok := l.wheel.next()
	if !ok {
		return time.Time{}
	}
	ticks := l.now.Sub(l.start) / tick
	ahead := int32(at - uint32(ticks)) // which may wrap
	return l.start.Add((ticks + time.Duration(ahead)) * tick)
}

// tick tells those whose time has come.
func (l *loop) tick() {
	at := uint32(l.now.Sub(l.start) / tick)
	l.mu.Lock()
	if at != l.wheel.now {
		l.due = l.wheel.advance(&l.table, at, l.due)
	}
	l.mu.Unlock()
	for i, s := range l.due {
		l.due[i] = nil
		s.machine().Tick(l.now)
	}
	l.due = l.due[:0]
}

// wakeAt puts a socket in the wheel. One that isn't in the table yet waits for
// that in its spoke.
func (l *loop) wakeAt(s *socket, at time.Time) {
	due := l.tickAt(at)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case s.state.Load()&finished != 0:
	case s.index == 0:
		if s.due == 0 || after(s.due, due) {
			s.due = due
		}
	default:
		l.setWheel(s, due)
	}
}

// tickAt returns the first tick that isn't before at.
func (l *loop) tickAt(at time.Time) uint32 {
	const far = 1 << 30 // ticks, which is less than what can be told apart
	now := time.Since(l.start) / tick
	return uint32(min(at.Sub(l.start)/tick+1, now+far))
}

// setWheel puts a socket in the wheel, and wakes the loop if it would sleep too
// long. mu is held.
func (l *loop) setWheel(s *socket, due uint32) {
	before, ok := l.wheel.next()
	if !l.wheel.set(&l.table, s.index, due) {
		return
	}
	if at, _ := l.wheel.next(); !ok || at != before {
		l.nudge()
	}
}
