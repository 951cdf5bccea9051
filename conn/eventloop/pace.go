//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package eventloop

import (
	"sync"
	"sync/atomic"
	"time"
)

// pace knows whether a loop's hooks have lately taken their time: they are then
// given goroutines at once for a while, so that none has to be waited for. After
// that they are tried on the loop again, and put off for longer each time that this
// turns out to be a mistake.
type pace struct {
	until atomic.Int64 // since the loop's start, in nanoseconds: hooks are not called on the loop before

	mu    sync.Mutex
	score int           // slow turns weigh slowWeight, others take 1 away
	pause time.Duration // the last one
}

// What makes a turn slow, how much that weighs, and for how long hooks are not
// called on the loop once slow ones weigh too much. A turn that the system has
// interrupted looks slow as well, and such come in clusters: a few don't matter.
const (
	slowTurn   = 100 * time.Microsecond
	slowWeight = 16
	slowMany   = 16 * slowWeight
	firstPause = 50 * time.Millisecond
	lastPause  = 2 * time.Second
)

// note takes account of a turn that lasted d and ended at now, since the loop's
// start.
func (p *pace) note(d, now time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if d < slowTurn {
		p.score = max(0, p.score-1)
		return
	}
	if p.score += slowWeight; p.score < slowMany {
		return
	}
	p.score = 0
	if tried := now - time.Duration(p.until.Load()); p.pause > 0 && tried < lastPause {
		p.pause = min(2*p.pause, lastPause)
	} else {
		p.pause = firstPause
	}
	p.until.Store(int64(now + p.pause))
}

// slow reports whether hooks had better not be called on the loop.
func (p *pace) slow(now time.Duration) bool { return now < time.Duration(p.until.Load()) }
