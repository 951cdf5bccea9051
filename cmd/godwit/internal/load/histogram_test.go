package load_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/cmd/godwit/internal/load"
)

// TestHistogramAgainstAll compares quantiles with those of a sorted list.
func TestHistogramAgainstAll(t *testing.T) {
	for _, span := range []float64{3, 7, 12, 20, 40} { // powers of two
		seed := rand.Uint64()
		random := rand.New(rand.NewPCG(seed, 0))
		var h load.Histogram
		var all []time.Duration
		for range 20_000 {
			d := time.Duration(math.Exp2(random.Float64() * span))
			h.Add(d, 1)
			all = append(all, d)
		}
		slices.Sort(all)
		for _, q := range []float64{0, 0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 1} {
			want := all[max(int(q*float64(len(all)))-1, 0)]
			got := h.Quantile(q)
			if got < want || float64(got) > float64(want)*(1+1.0/64)+1 {
				t.Errorf("seed %d, span 2^%v: quantile %v is %v, want %v or a little more", seed, span, q, got, want)
			}
		}
		if h.Max() != all[len(all)-1] || h.Count() != uint64(len(all)) {
			t.Errorf("seed %d: max %v of %d, want %v of %d", seed, h.Max(), h.Count(), all[len(all)-1], len(all))
		}
	}
}

func TestHistogramEmpty(t *testing.T) {
	var h load.Histogram
	if h.Quantile(0.5) != 0 || h.Max() != 0 || h.Mean() != 0 || h.Count() != 0 {
		t.Errorf("an empty histogram has %v, %v, %v, %d", h.Quantile(0.5), h.Max(), h.Mean(), h.Count())
	}
}

// TestHistogramEdges adds values at which buckets begin and end, and past the last.
func TestHistogramEdges(t *testing.T) {
	values := []time.Duration{-1, 0, 1, 63, 64, 65, 127, 128, 129, 130, 255, 256, 257,
		1<<20 - 1, 1 << 20, 1<<41 - 1, 1 << 41, math.MaxInt64}
	for _, v := range values {
		var h load.Histogram
		h.Add(v, 3)
		if got, want := h.Quantile(0.5), max(v, 0); got != want {
			t.Errorf("three times %d: median %d", want, got)
		}
		if h.Count() != 3 {
			t.Errorf("%d counted, want 3", h.Count())
		}
	}
}

// TestHistogramWidth walks over values: what is read is never less than what was
// added, and at most a 64th more.
func TestHistogramWidth(t *testing.T) {
	for v := time.Duration(1); v < 1<<41; v += 1 + v/37 {
		var h load.Histogram
		h.Add(v, 1)
		h.Add(math.MaxInt64, 1) // so that the maximum doesn't cut the bucket
		if got := h.Quantile(0.5); got < v || got > v+v/64 {
			t.Fatalf("%d is read as %d", v, got)
		}
	}
}

func TestHistogramMerge(t *testing.T) {
	var a, b, both load.Histogram
	for i := range 1000 {
		d := time.Duration(i * i)
		both.Add(d, 2)
		if i%3 == 0 {
			a.Add(d, 2)
		} else {
			b.Add(d, 2)
		}
	}
	a.Merge(&b)
	if a != both {
		t.Error("two halves merged differ from the whole")
	}
	if got, want := both.Mean(), time.Duration(332833); got != want {
		t.Errorf("mean %d, want %d", got, want)
	}
}
