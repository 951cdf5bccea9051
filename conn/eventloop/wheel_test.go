//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package eventloop

import (
	"math/rand/v2"
	"testing"
)

// TestWheel holds the wheel against a table of times.
func TestWheel(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	for _, start := range []uint32{0, 255, 256, 1000, 65535, 1 << 20, 1<<31 - 5000, 1<<32 - 100, 1<<32 - 70000} {
		testWheel(t, rng, start)
	}
}

func testWheel(t *testing.T, rng *rand.Rand, start uint32) {
	const n = 200
	w := wheel{now: start}
	sockets := new(table)
	want := map[*socket]uint32{}
	for i := 1; i <= n; i++ {
		sockets.add(&socket{})
	}
	for range 20000 {
		at := 1 + uint32(rng.IntN(n))
		s := sockets.socket(at)
		switch rng.IntN(4) {
		case 0:
			span := []int{3, 300, 5000, 70000, 200000}[rng.IntN(5)]
			due := w.now + uint32(rng.IntN(span))
			w.set(sockets, at, due)
			if !after(due, w.now) {
				due = w.now + 1
			}
			if due == 0 {
				due = 1
			}
			if have, ok := want[s]; !ok || after(have, due) {
				want[s] = due
			}
		case 1:
			w.remove(sockets, at)
			delete(want, s)
		default:
			now := w.now + uint32(rng.IntN([]int{2, 50, 1000}[rng.IntN(3)]))
			if next, ok := w.next(); ok {
				for _, due := range want {
					if after(next, due) {
						t.Fatalf("next is %d, a socket is due at %d", next, due)
					}
				}
			} else if len(want) > 0 {
				t.Fatalf("nothing in the wheel, want %d", len(want))
			}
			for _, s := range w.advance(sockets, now, nil) {
				due, ok := want[s]
				if !ok || after(due, now) {
					t.Fatalf("at %d came a socket due at %d, %v", now, due, ok)
				}
				delete(want, s)
			}
			for _, due := range want {
				if !after(due, now) {
					t.Fatalf("at %d a socket due at %d is missing", now, due)
				}
			}
		}
	}
}
