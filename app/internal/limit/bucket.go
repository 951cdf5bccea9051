package limit

import "time"

// Bounds within which no sum of times overflows. Nobody waits that long.
const (
	maxWindow = time.Duration(1) << 60
	maxEvents = 1 << 40
)

// Limit is how many events are fine in how much time.
type Limit struct {
	Events int           // how many may come at once; 0 or less means any number, at any time
	Window time.Duration // how long an empty bucket takes to fill; 0 or less means a second
}

// interval is the time in which one token comes back.
func (l Limit) interval() time.Duration {
	window, events := l.Window, l.events()
	if window <= 0 {
		window = time.Second
	}
	return (min(window, maxWindow)-1)/events + 1
}

func (l Limit) events() time.Duration { return min(time.Duration(l.Events), maxEvents) }

// Bucket is a token bucket of a single connection. The zero value is full. It is not safe for
// concurrent use.
type Bucket struct {
	full time.Time // when it is full again
}

// Allow takes a token, if there is one. now is best a time.Now(), whose monotonic clock never jumps.
func (b *Bucket) Allow(l Limit, now time.Time) bool { return b.AllowN(l, 1, now) }

// AllowN takes n tokens if there are as many, or else none. More than l.Events there never are; none
// or less are always there.
func (b *Bucket) AllowN(l Limit, n int, now time.Time) bool {
	if l.Events <= 0 || n <= 0 {
		return true
	}
	if time.Duration(n) > l.events() {
		return false
	}
	full, interval := b.full, l.interval()
	if full.Before(now) {
		full = now
	}
	full = full.Add(time.Duration(n) * interval)
	if full.Sub(now) > l.events()*interval {
		return false
	}
	b.full = full
	return true
}
