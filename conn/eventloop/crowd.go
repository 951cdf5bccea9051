//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package eventloop

import (
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"time"
)

// crowd knows whether goroutines of the process have to wait for a processor, as they
// do beside others that compute and never wait. The zero value thinks they do.
type crowd struct {
	sparse atomic.Bool
	due    atomic.Int64 // when to look, since the engine's start, in nanoseconds

	mu     sync.Mutex
	sample [1]metrics.Sample
	before waits
	jobs   uint64 // of the pool, before
}

// waits are how often goroutines have waited for a processor, of which the runtime
// counts one in eight, and how often a millisecond or longer: the time in which a
// processor does a hundred turns.
type waits struct{ all, long uint64 }

const (
	crowdPause = 50 * time.Millisecond
	longWait   = 1e-3 // seconds
)

// dense reports whether loops had better wait on threads of their own. now is since
// the engine's start; jobs is how many the pool was given.
func (c *crowd) dense(now time.Duration, jobs uint64) bool {
	if due := c.due.Load(); int64(now) >= due && c.due.CompareAndSwap(due, int64(now+crowdPause)) {
		c.look(jobs)
	}
	return !c.sparse.Load()
}

// look judges the waits since the last judgement.
func (c *crowd) look(jobs uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.judge(c.count(), jobs)
}

// judge judges the waits since the last judgement, once they are enough. While loops
// wait on threads of their own, one in two hundred is long beside nobody, one in five
// beside one goroutine that computes on two processors, where both ways to wait are
// equally good, and more than half are beside two. While loops don't, it is up to one
// in ten, again one in five, and one in three. mu is held.
func (c *crowd) judge(w waits, jobs uint64) {
	all, long := w.all-c.before.all, w.long-c.before.long
	switch sparse := c.sparse.Load(); {
	case !sparse && all < 16, sparse && all < 32 && jobs == c.jobs:
		return
	case !sparse:
		c.sparse.Store(long*8 < all)
	case jobs == c.jobs: // those of the pool wait for each other
		c.sparse.Store(long*4 < all)
	}
	c.before, c.jobs = w, jobs
}

// count asks the runtime.
func (c *crowd) count() (w waits) {
	c.sample[0].Name = "/sched/latencies:seconds"
	metrics.Read(c.sample[:])
	if c.sample[0].Value.Kind() != metrics.KindFloat64Histogram {
		return waits{}
	}
	h := c.sample[0].Value.Float64Histogram()
	for i, n := range h.Counts {
		w.all += n
		if h.Buckets[i] >= longWait {
			w.long += n
		}
	}
	return w
}
