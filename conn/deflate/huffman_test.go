package deflate_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/godwit-ws/godwit/conn/deflate"
)

// spreads are ways in which frequencies are distributed over n symbols.
var spreads = []struct {
	name string
	at   func(r *rand.Rand, i int) uint32
}{
	{"equal", func(*rand.Rand, int) uint32 { return 5 }},
	{"random", func(r *rand.Rand, _ int) uint32 { return r.Uint32N(1000) }},
	{"few", func(r *rand.Rand, _ int) uint32 { return r.Uint32N(40) / 38 * r.Uint32N(300) }},
	{"steep", func(r *rand.Rand, _ int) uint32 { return 1 << r.Uint32N(16) }},
	{"doubling", func(_ *rand.Rand, i int) uint32 { return 1 << min(i, 16) }},
	{"none", func(*rand.Rand, int) uint32 { return 0 }},
}

// TestCodeLengths checks that lengths make a complete code within the limit, that each symbol that
// occurs has one, and that no code could be shorter, or, where the limit bites, not much: repairing the
// tree costs more the smaller the limit is.
func TestCodeLengths(t *testing.T) {
	r := newRand(t)
	for _, spread := range spreads {
		for _, alphabet := range []struct {
			n, limit int
			slack    float64
		}{{286, 15, 0.03}, {30, 15, 0.03}, {19, 7, 0.25}, {2, 15, 0}} {
			t.Run(fmt.Sprintf("%s/symbols-%d/limit-%d", spread.name, alphabet.n, alphabet.limit), func(t *testing.T) {
				for range 30 {
					frequencies := make([]uint32, alphabet.n)
					for i := range frequencies {
						frequencies[i] = spread.at(r, i)
					}
					sizes, entropy := deflate.CodeLengths(frequencies, alphabet.limit)
					checkComplete(t, frequencies, sizes, alphabet.limit)
					cost := codeCost(frequencies, sizes)
					best := limitedCost(frequencies, alphabet.limit)
					if cost < best || float64(cost) > (1+alphabet.slack)*float64(best) {
						t.Errorf("frequencies %v: %d bits, the best code takes %d", frequencies, cost, best)
					}
					total, want := trueEntropy(frequencies)
					// Of log2, 1/16 is rounding and 1/88 the bits dropped from numbers over 8 bits long.
					if off := math.Abs(float64(entropy) - want); off > total*(1.0/16+1.0/88)+1 {
						t.Errorf("frequencies %v: entropy taken for %d, off by %f", frequencies, entropy, off)
					}
				}
			})
		}
	}
}

func checkComplete(t *testing.T, frequencies []uint32, sizes []uint8, limit int) {
	t.Helper()
	taken := 0
	for symbol, size := range sizes {
		if size == 0 && frequencies[symbol] > 0 {
			t.Fatalf("symbol %d of %v has no code", symbol, frequencies)
		}
		if int(size) > limit {
			t.Fatalf("symbol %d of %v has %d bits", symbol, frequencies, size)
		}
		if size > 0 {
			taken += 1 << (limit - int(size))
		}
	}
	if taken != 1<<limit {
		t.Fatalf("sizes %v of %v fill %d of %d", sizes, frequencies, taken, 1<<limit)
	}
}

func codeCost(frequencies []uint32, sizes []uint8) int {
	cost := 0
	for symbol, size := range sizes {
		cost += int(frequencies[symbol]) * int(size)
	}
	return cost
}

// limitedCost returns the cost of the best code with a limit, by package-merge: in each of limit rounds
// the packages of the round before, in pairs, join the symbols; the cost is that of the 2n-2 lightest.
func limitedCost(frequencies []uint32, limit int) int {
	var symbols []int
	for _, f := range frequencies {
		if f > 0 {
			symbols = append(symbols, int(f))
		}
	}
	for len(symbols) < 2 {
		symbols = append(symbols, 0) // a symbol that does not occur gets a code
	}
	slices.Sort(symbols)
	var round []int
	for range limit {
		next := slices.Clone(symbols)
		for i := 0; i+1 < len(round); i += 2 {
			next = append(next, round[i]+round[i+1])
		}
		slices.Sort(next)
		round = next
	}
	cost := 0
	for _, weight := range round[:2*len(symbols)-2] {
		cost += weight
	}
	return cost
}

// trueEntropy returns the number of symbols and the bits they carry.
func trueEntropy(frequencies []uint32) (total, bits float64) {
	sum := 0.0
	for _, f := range frequencies {
		if f > 0 {
			total += float64(f)
			sum += float64(f) * math.Log2(float64(f))
		}
	}
	return total, total*math.Log2(max(total, 1)) - sum
}
