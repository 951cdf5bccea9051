package limit_test

import (
	"math/rand/v2"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/app/internal/limit"
)

// addr parses an address; "" is the zero Addr.
func addr(s string) netip.Addr {
	if s == "" {
		return netip.Addr{}
	}
	return netip.MustParseAddr(s)
}

func TestCounter(t *testing.T) {
	c := limit.NewCounter(2, 0)
	a, b := addr("192.0.2.1"), addr("192.0.2.2")
	var got []bool
	acquire := func(a netip.Addr) { got = append(got, c.Acquire(a)) }
	acquire(a)
	acquire(a)
	acquire(a) // refused
	acquire(b)
	c.Release(a)
	acquire(a)
	acquire(a) // refused
	c.Release(b)
	acquire(b)
	acquire(b)
	acquire(b) // refused
	if diff := cmp.Diff([]bool{true, true, false, true, true, false, true, true, false}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, a := range []netip.Addr{a, a, b, b} {
		c.Release(a)
	}
	if c.Live() != 0 {
		t.Errorf("%d clients left", c.Live())
	}
}

// sameClient is which addresses are one client, for Counter and Rate alike.
var sameClient = []struct {
	name, a, b string
	ipv6Bits   int
	want       bool
}{
	{"ipv4", "192.0.2.1", "192.0.2.1", 0, true},
	{"ipv4-neighbours", "192.0.2.1", "192.0.2.2", 0, false},
	{"mapped", "192.0.2.1", "::ffff:192.0.2.1", 0, true},
	{"mapped-neighbours", "::ffff:192.0.2.1", "::ffff:192.0.2.2", 0, false},
	{"ipv6-same-64", "2001:db8::1", "2001:db8::ffff:0:0:1", 0, true},
	{"ipv6-other-64", "2001:db8::1", "2001:db8:0:1::1", 0, false},
	{"ipv6-same-48", "2001:db8::1", "2001:db8:0:1::1", 48, true},
	{"ipv6-whole", "2001:db8::1", "2001:db8::2", -1, false},
	{"ipv6-more-than-whole", "2001:db8::1", "2001:db8::2", 129, false},
	{"zones", "fe80::1%eth0", "fe80::1%eth1", -1, true},
	{"nobody", "", "", 0, true},
	{"nobody-and-loopback", "", "::1", 0, false},
	{"nobody-and-unspecified", "", "0.0.0.0", 0, false},
	{"ipv4-and-ipv6-loopback", "127.0.0.1", "::1", 0, false},
	{"ipv4-and-compatible", "192.0.2.1", "::192.0.2.1", -1, false},
}

func TestCounterClients(t *testing.T) {
	for _, tt := range sameClient {
		t.Run(tt.name, func(t *testing.T) {
			c := limit.NewCounter(1, tt.ipv6Bits)
			if !c.Acquire(addr(tt.a)) {
				t.Fatal("refused the first")
			}
			if same := !c.Acquire(addr(tt.b)); same != tt.want {
				t.Errorf("%s and %s with %d bits are the same: %v, want %v", tt.a, tt.b, tt.ipv6Bits, same, tt.want)
			}
		})
	}
}

func TestCounterOff(t *testing.T) {
	for _, n := range []int{0, -1} {
		c := limit.NewCounter(n, 0)
		for range 100 {
			if !c.Acquire(addr("192.0.2.1")) {
				t.Fatalf("limit %d refuses", n)
			}
		}
		c.Release(addr("192.0.2.1"))
		if c.Live() != 0 {
			t.Errorf("limit %d counts", n)
		}
	}
}

func TestCounterReleaseWithoutAcquire(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	limit.NewCounter(1, 0).Release(addr("192.0.2.1"))
}

// nth is an address of its own for each n.
func nth(n int) netip.Addr {
	return netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})
}

// After a flood the map is as small as what it holds.
func TestCounterShrinks(t *testing.T) {
	const flood = 20_000
	c := limit.NewCounter(1, 0)
	for n := range flood {
		c.Acquire(nth(n))
	}
	if c.Most() != flood {
		t.Fatalf("room for %d", c.Most())
	}
	for n := range flood - 10 {
		c.Release(nth(n))
		if c.Most() > 1024 && c.Live() <= c.Most()/4 {
			t.Fatalf("room for %d clients, with %d left", c.Most(), c.Live())
		}
	}
	for n := range flood {
		if got, want := c.Acquire(nth(n)), n < flood-10; got != want {
			t.Fatalf("after shrinking, Acquire of client %d = %v, want %v", n, got, want)
		}
	}
}

// Against a map of counts, under random use.
func TestCounterModel(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	const most = 3
	c, model, held := limit.NewCounter(most, 0), map[netip.Addr]int{}, []netip.Addr(nil)
	for range 20_000 {
		if len(held) > 0 && r.IntN(2) == 0 {
			i := r.IntN(len(held))
			c.Release(held[i])
			model[held[i]]--
			held[i] = held[len(held)-1]
			held = held[:len(held)-1]
			continue
		}
		a := nth(r.IntN(50))
		if got, want := c.Acquire(a), model[a] < most; got != want {
			t.Fatalf("seed %d: Acquire(%v) = %v with %d held", seed, a, got, model[a])
		} else if got {
			model[a]++
			held = append(held, a)
		}
	}
}

func TestCounterConcurrent(t *testing.T) {
	const most = 5
	c := limit.NewCounter(most, 0)
	var now, peak atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 2000 {
				if !c.Acquire(addr("2001:db8::1")) {
					continue
				}
				if n := now.Add(1); n > most {
					peak.Store(n)
				}
				now.Add(-1)
				c.Release(addr("2001:db8::1"))
			}
		})
	}
	wg.Wait()
	if peak.Load() != 0 || c.Live() != 0 {
		t.Errorf("%d at once, %d clients left", peak.Load(), c.Live())
	}
}
