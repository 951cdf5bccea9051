package limit_test

import (
	"math/rand/v2"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/app/internal/limit"
)

func TestRate(t *testing.T) {
	for _, tt := range bucketCases {
		t.Run(tt.name, func(t *testing.T) {
			r := limit.NewRate(limit.RateConfig{Limit: tt.limit})
			now := time.Now()
			for i, s := range tt.steps {
				now = now.Add(s.after)
				if got := r.AllowN(addr("192.0.2.1"), s.n, now); got != s.want {
					t.Fatalf("step %d: AllowN(%d) = %v, want %v", i, s.n, got, s.want)
				}
			}
		})
	}
}

func TestRateClients(t *testing.T) {
	for _, tt := range sameClient {
		t.Run(tt.name, func(t *testing.T) {
			r := limit.NewRate(limit.RateConfig{Limit: limit.Limit{Events: 1}, IPv6Bits: tt.ipv6Bits})
			now := time.Now()
			if !r.Allow(addr(tt.a), now) {
				t.Fatal("refused the first")
			}
			if same := !r.Allow(addr(tt.b), now); same != tt.want {
				t.Errorf("%s and %s with %d bits are the same: %v, want %v", tt.a, tt.b, tt.ipv6Bits, same, tt.want)
			}
		})
	}
}

func TestRateClockSetBack(t *testing.T) {
	r := limit.NewRate(limit.RateConfig{Limit: limit.Limit{Events: 2, Window: 2 * time.Second}})
	a, now := addr("192.0.2.1"), time.Unix(1000, 0)
	if !r.AllowN(a, 2, now) || r.Allow(a, now.Add(-time.Hour)) || r.Allow(a, now.Add(time.Second-1)) || !r.Allow(a, now.Add(time.Second)) {
		t.Error("a step back of the clock gives or takes tokens")
	}
}

// Clients whose buckets are full again are forgotten, and their places used again.
func TestRateForgetsTheFull(t *testing.T) {
	r := limit.NewRate(limit.RateConfig{Limit: limit.Limit{Events: 2, Window: time.Second}})
	now := time.Now()
	for n := range 1000 {
		r.Allow(nth(n), now)
	}
	if r.Tracked() != 1000 {
		t.Fatalf("%d clients in mind", r.Tracked())
	}
	now = now.Add(2 * time.Second)
	for n := range 1001 {
		r.Allow(nth(5000+n%2), now)
	}
	if r.Tracked() != 2 || r.Buckets() > 1001 {
		t.Errorf("%d clients in mind, memory for %d", r.Tracked(), r.Buckets())
	}
}

// A long pause passes every list at once.
func TestRateAfterAPause(t *testing.T) {
	r := limit.NewRate(limit.RateConfig{Limit: limit.Limit{Events: 1, Window: time.Second}})
	now := time.Now()
	for range 5 {
		for n := range 10 {
			if !r.Allow(nth(n), now) || r.Allow(nth(n), now) {
				t.Fatalf("client %d after %v", n, now)
			}
		}
		now = now.Add(24 * time.Hour)
	}
}

// Memory is bounded by MaxClients, whoever comes.
func TestRateMemory(t *testing.T) {
	r := limit.NewRate(limit.RateConfig{Limit: limit.Limit{Events: 100, Window: time.Minute}, MaxClients: 50})
	now := time.Now()
	for n := range 10_000 {
		now = now.Add(time.Microsecond)
		r.Allow(nth(n), now)
		if r.Tracked() > 50 || r.Buckets() > 50 {
			t.Fatalf("%d clients in mind, memory for %d, after %d", r.Tracked(), r.Buckets(), n+1)
		}
	}
}

// The zero MaxClients is bounded too.
func TestRateDefaultMaxClients(t *testing.T) {
	r := limit.NewRate(limit.RateConfig{Limit: limit.Limit{Events: 10, Window: time.Hour}})
	now := time.Now()
	for n := range 70_000 {
		r.Allow(nth(n), now)
	}
	if r.Tracked() != 65_536 || r.Buckets() != 65_536 {
		t.Errorf("%d clients in mind, memory for %d", r.Tracked(), r.Buckets())
	}
}

// An attacker who has spent its bucket doesn't get a fresh one by having many others come.
func TestRateFloodResetsNobody(t *testing.T) {
	r := limit.NewRate(limit.RateConfig{Limit: limit.Limit{Events: 10, Window: time.Minute}, MaxClients: 100})
	attacker, now := addr("192.0.2.1"), time.Now()
	if !r.AllowN(attacker, 10, now) {
		t.Fatal("refused")
	}
	for n := range 100_000 {
		r.Allow(nth(n), now)
		if n%100 == 0 && r.Allow(attacker, now) {
			t.Fatalf("an eleventh event is allowed after %d others came", n+1)
		}
	}
}

// Two that push each other out of a table full of heavier ones share what a bucket holds.
func TestRateThrashing(t *testing.T) {
	const clients = 20
	r := limit.NewRate(limit.RateConfig{Limit: limit.Limit{Events: 10, Window: time.Minute}, MaxClients: clients})
	now, allowed := time.Now(), 0
	for n := range clients - 1 {
		r.AllowN(nth(n), 10, now)
	}
	for n := range 1000 {
		if r.Allow(nth(1000+n%2), now) {
			allowed++
		}
	}
	if allowed > 10 {
		t.Errorf("%d events of two clients with one place, want at most 10", allowed)
	}
}

// A newcomer in a crowd is served: the least burdened makes room.
func TestRateNewcomerInACrowd(t *testing.T) {
	r := limit.NewRate(limit.RateConfig{Limit: limit.Limit{Events: 10, Window: time.Minute}, MaxClients: 3})
	now := time.Now()
	r.AllowN(nth(0), 10, now)
	r.AllowN(nth(1), 9, now)
	r.AllowN(nth(2), 2, now)
	if !r.AllowN(nth(3), 7, now) {
		t.Error("the newcomer has less than what the fullest bucket holds")
	}
	if r.AllowN(nth(3), 2, now) {
		t.Error("the newcomer has more than what the fullest bucket held")
	}
	if r.Allow(nth(0), now) || r.AllowN(nth(1), 2, now) {
		t.Error("a burdened client was forgotten")
	}
}

// What is missing from the fullest bucket is known to a list only, and is rounded against the newcomer:
// here 39 tokens are missing, and a list holds 40.
func TestRateRoundsAgainstTheNewcomer(t *testing.T) {
	r := limit.NewRate(limit.RateConfig{Limit: limit.Limit{Events: 10_000, Window: 10_000}, MaxClients: 1})
	now := time.Now()
	if !r.AllowN(nth(0), 39, now) || !r.AllowN(nth(1), 1, now) {
		t.Fatal("refused")
	}
	if r.AllowN(nth(0), 10_000-38, now) {
		t.Error("a client came back to more than it had left")
	}
}

// double holds a bucket for each client, for ever.
type double struct {
	limit   limit.Limit
	buckets map[netip.Addr]limit.Bucket
}

func (d double) allow(a netip.Addr, n int, now time.Time) bool {
	b := d.buckets[a]
	ok := b.AllowN(d.limit, n, now)
	d.buckets[a] = b
	return ok
}

// With room for all, Rate is a bucket each. Without, it never allows what that bucket would not.
func TestRateModel(t *testing.T) {
	for _, tt := range []struct {
		name       string
		maxClients int
		exact      bool
	}{
		{"room-for-all", 40, true}, {"crowded", 10, false}, {"one", 1, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			seed := rand.Uint64()
			rnd := rand.New(rand.NewPCG(seed, 0))
			for round := range 30 {
				l := limit.Limit{Events: 1 + rnd.IntN(20), Window: time.Duration(1 + rnd.IntN(1_000_000))}
				r := limit.NewRate(limit.RateConfig{Limit: l, MaxClients: tt.maxClients})
				d := double{l, make(map[netip.Addr]limit.Bucket)}
				now := time.Now()
				for i := range 3000 {
					now = now.Add(time.Duration(rnd.ExpFloat64() * float64(l.Window) / 100))
					if rnd.IntN(500) == 0 {
						now = now.Add(l.Window / 3)
					}
					a, n := nth(rnd.IntN(40)), 1+rnd.IntN(3)
					got := r.AllowN(a, n, now)
					if !got && !tt.exact {
						continue
					}
					if want := d.allow(a, n, now); got != want {
						t.Fatalf("seed %d, round %d, step %d, %+v: AllowN(%v, %d) = %v, alone in the world %v", seed, round, i, l, a, n, got, want)
					}
				}
				if r.Tracked() > tt.maxClients {
					t.Fatalf("%d clients in mind", r.Tracked())
				}
			}
		})
	}
}

func TestRateConcurrent(t *testing.T) {
	const events = 100
	r := limit.NewRate(limit.RateConfig{Limit: limit.Limit{Events: events, Window: time.Hour}, MaxClients: 8})
	var allowed atomic.Int32
	var wg sync.WaitGroup
	now := time.Now()
	for g := range 8 {
		wg.Go(func() {
			for n := range 1000 {
				if r.Allow(addr("192.0.2.1"), now) {
					allowed.Add(1)
				}
				r.Allow(nth(g*1000+n), now)
			}
		})
	}
	wg.Wait()
	if got := allowed.Load(); got > events {
		t.Errorf("%d events allowed, want at most %d", got, events)
	}
}

func TestAllocs(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	r := limit.NewRate(limit.RateConfig{Limit: limit.Limit{Events: 10, Window: time.Minute}, MaxClients: 100})
	now := time.Now()
	for n := range 200 {
		r.Allow(nth(n), now)
	}
	c := limit.NewCounter(2, 0)
	c.Acquire(nth(0))
	other := 0
	for _, tt := range []struct {
		name string
		call func()
	}{
		{"rate", func() { r.Allow(nth(199), now) }},
		{"rate-ipv6", func() { r.Allow(addr("2001:db8::1"), now) }},
		{"rate-crowded", func() { other++; r.Allow(nth(1000+other), now) }},
		{"counter", func() { c.Acquire(nth(0)); c.Release(nth(0)) }},
	} {
		if got := testing.AllocsPerRun(100, tt.call); got != 0 {
			t.Errorf("%s: %v allocations", tt.name, got)
		}
	}
}

func BenchmarkRate(b *testing.B) {
	for _, bb := range []struct {
		name    string
		clients int
	}{{"crowd=no", 1000}, {"crowd=yes", 1 << 20}} {
		b.Run(bb.name, func(b *testing.B) {
			r := limit.NewRate(limit.RateConfig{Limit: limit.Limit{Events: 100, Window: time.Minute}})
			now, n := time.Now(), 0
			b.ReportAllocs()
			for b.Loop() {
				n++
				r.Allow(nth(n%bb.clients), now.Add(time.Duration(n)*time.Microsecond))
			}
		})
	}
}
