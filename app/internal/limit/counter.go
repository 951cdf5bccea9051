package limit

import (
	"maps"
	"net/netip"
	"sync"
)

// smallMap is up to how many clients a Counter's map is left as large as it is.
const smallMap = 1024

// Counter bounds how many connections each client has at once. It counts exactly.
type Counter struct {
	limit    int
	ipv6Bits int

	mu   sync.Mutex // guards what follows
	live map[client]int
	most int // clients since the map was made
}

// NewCounter allows each client limit connections; with 0 or less any number, and nothing is counted.
// ipv6Bits is how much of an IPv6 address tells clients apart: 0 means 64 bits, a negative value
// the whole address.
func NewCounter(limit, ipv6Bits int) *Counter {
	return &Counter{limit: limit, ipv6Bits: orIPv6Bits(ipv6Bits), live: make(map[client]int)}
}

// Acquire counts a connection of a, and reports whether a may have it. If so, Release must follow once,
// with the same address.
func (c *Counter) Acquire(a netip.Addr) bool {
	if c.limit <= 0 {
		return true
	}
	who := clientOf(a, c.ipv6Bits)
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.live[who]
	if n >= c.limit {
		return false
	}
	c.live[who] = n + 1
	c.most = max(c.most, len(c.live))
	return true
}

// Release takes back what an Acquire that returned true counted. Without one it panics.
func (c *Counter) Release(a netip.Addr) {
	if c.limit <= 0 {
		return
	}
	who := clientOf(a, c.ipv6Bits)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch n := c.live[who]; n {
	case 0:
		panic("limit: Release without Acquire")
	case 1:
		delete(c.live, who)
		c.shrink()
	default:
		c.live[who] = n - 1
	}
}

// shrink makes the map anew once three quarters of its clients have gone: at least as many calls have
// gone before as it copies entries.
func (c *Counter) shrink() {
	if c.most <= smallMap || len(c.live) > c.most/4 {
		return
	}
	live := make(map[client]int, len(c.live))
	maps.Copy(live, c.live)
	c.live, c.most = live, len(live)
}
