package limit

import (
	"net/netip"
	"sync"
	"time"
)

// Bounds of RateConfig.MaxClients. An entry takes about a hundred bytes.
const (
	defaultMaxClients = 1 << 16
	mostClients       = 1 << 28
)

// maxNow keeps sums with the longest window in range.
const maxNow = time.Duration(1) << 61

// RateConfig says what a Rate allows. The zero value allows everything.
type RateConfig struct {
	// Limit is what each client is allowed.
	Limit Limit
	// MaxClients is how many clients are kept in mind. 0 or less means 65,536; past it, see the package.
	MaxClients int
	// IPv6Bits is how much of an IPv6 address tells clients apart. 0 means 64 bits, a negative value
	// the whole address.
	IPv6Bits int
}

// Rate bounds how many events each client causes in a span of time, by a token bucket for each, in
// bounded memory.
//
// Why nobody gains by being forgotten: a client c goes when no bucket in the lists is in an earlier list
// than its own, which ends at e. From then on, as long as no list up to e has passed, all buckets stay in
// that list or later ones: they move to later ones only, and newcomers begin at the end of the first that
// isn't empty. So if c comes back before e, it begins at e or later, which is no better than what it
// had. If it comes back after e, its own bucket would be full by then too.
type Rate struct {
	limit      Limit
	interval   time.Duration // in which a token comes back
	burst      time.Duration // in which all come back
	maxClients int
	ipv6Bits   int

	mu    sync.Mutex // guards what follows
	epoch time.Time  // of the first call; the times below count from it
	now   time.Duration
	index map[client]int32 // of the bucket in the wheel
	wheel wheel
}

// NewRate returns a Rate whose clients all have full buckets.
func NewRate(c RateConfig) *Rate {
	r := &Rate{limit: c.Limit, maxClients: c.MaxClients, ipv6Bits: orIPv6Bits(c.IPv6Bits), index: make(map[client]int32)}
	if r.maxClients <= 0 {
		r.maxClients = defaultMaxClients
	}
	r.maxClients = min(r.maxClients, mostClients)
	if r.limit.Events > 0 {
		r.interval = c.Limit.interval()
		r.burst = c.Limit.events() * r.interval
		r.wheel.init(r.burst)
	}
	return r
}

// Allow takes a token of a's bucket, if there is one. now should be a time.Now(): time that goes back
// counts as standing still.
func (r *Rate) Allow(a netip.Addr, now time.Time) bool { return r.AllowN(a, 1, now) }

// AllowN takes n tokens of a's bucket if there are as many, or else none. More than Limit.Events there
// never are; none or less are always there.
func (r *Rate) AllowN(a netip.Addr, n int, now time.Time) bool {
	if r.limit.Events <= 0 || n <= 0 {
		return true
	}
	if time.Duration(n) > r.limit.events() {
		return false
	}
	who := clientOf(a, r.ipv6Bits)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.advance(now)
	i, known := r.index[who]
	full := r.now
	switch {
	case known:
		full = max(full, r.wheel.buckets[i].full)
	case r.isCrowded():
		_, full = r.wheel.fullest()
	}
	if full += time.Duration(n) * r.interval; full-r.now > r.burst {
		return false
	}
	if !known {
		i = r.admit(who)
	}
	r.wheel.place(i, full)
	return true
}

// advance lets time pass, and forgets up to two clients whose buckets are full: more than a call can
// bring, so that they don't pile up, and few enough that no call takes long.
func (r *Rate) advance(now time.Time) {
	if r.epoch.IsZero() {
		r.epoch = now
	}
	r.now = max(r.now, min(now.Sub(r.epoch), maxNow))
	r.wheel.advance(r.now)
	for range 2 {
		i, ok := r.wheel.anyFull()
		if !ok {
			return
		}
		delete(r.index, r.wheel.buckets[i].who)
		r.wheel.release(i)
	}
}

// isCrowded reports whether a newcomer can only have the place of a client that is short of tokens.
func (r *Rate) isCrowded() bool {
	_, ok := r.wheel.anyFull()
	return !ok && len(r.index) >= r.maxClients
}

// admit finds a place for a client that has none.
func (r *Rate) admit(who client) int32 {
	if len(r.index) >= r.maxClients {
		i, ok := r.wheel.anyFull()
		if !ok {
			i, _ = r.wheel.fullest()
		}
		delete(r.index, r.wheel.buckets[i].who)
		r.wheel.release(i)
	}
	i := r.wheel.take(who)
	r.index[who] = i
	return i
}
