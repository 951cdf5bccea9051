package conn

import (
	"math"
	"time"
)

// instant is a time, in nanoseconds since clockStart; 0 stands for none. It has a third of
// a time.Time's room and costs half to ask for: the clock on the wall isn't looked at.
type instant time.Duration

// clockStart is what instants are counted from.
var clockStart = time.Now()

func now() instant { return instant(time.Since(clockStart)) }

func instantOf(t time.Time) instant { return instant(t.Sub(clockStart)) }

func (i instant) time() time.Time { return clockStart.Add(time.Duration(i)) }

// add returns the instant d later, which isn't negative: one that can't be told for a d
// that stands for ever.
func (i instant) add(d time.Duration) instant {
	if i > math.MaxInt64-instant(d) {
		return math.MaxInt64
	}
	return i + instant(d)
}

func (i instant) until() time.Duration { return time.Duration(i - now()) }
