package load

import (
	"runtime"
	"sync"
	"time"
)

// meter counts what a part of the connections does.
type meter struct {
	mu       sync.Mutex
	latency  Histogram
	lag      Histogram
	messages int64
}

// newMeters returns a few meters for n connections: so many that they are seldom
// waited for, and so few that their memory is bounded.
func newMeters(n int) []meter { return make([]meter, min(n, 4*runtime.GOMAXPROCS(0))) }

// total adds all meters up.
func total(meters []meter) *meter {
	sum := new(meter)
	for i := range meters {
		m := &meters[i]
		m.mu.Lock()
		sum.latency.Merge(&m.latency)
		sum.lag.Merge(&m.lag)
		sum.messages += m.messages
		m.mu.Unlock()
	}
	return sum
}

// arrived counts n messages that came back at now; since gives when each of them
// began to count. With a rate, what counts is when a message was due and not when
// it came back.
func (m *meter) arrived(c *clock, now time.Duration, n int, byStart bool, since func(i int) time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if c.counts(now) {
		m.messages += int64(n)
	}
	for i := range n {
		start := since(i)
		if c.counts(now) && !byStart || c.counts(start) && byStart {
			m.latency.Add(now-start, 1)
		}
	}
}

// late counts n messages that were due at times given by due and sent at now.
func (m *meter) late(c *clock, now time.Duration, n int, due func(i int) time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range n {
		if at := due(i); c.counts(at) {
			m.lag.Add(now-at, 1)
		}
	}
}
