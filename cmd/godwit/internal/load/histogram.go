package load

import (
	"math/bits"
	"time"
)

// The buckets of a histogram: values below 2*half have one each; above, every
// power of two is cut into half buckets of equal width, so that a bucket is at
// most 1/half of its values wide.
const (
	halfBits = 6
	half     = 1 << halfBits
	maxBits  = 41 // values from 2^maxBits ns on, 36 minutes, share the last bucket
	buckets  = (maxBits-halfBits-1)*half + 2*half
)

// Histogram counts durations in buckets whose width grows with the value. It
// takes 18 KB however many there are. A value read from it is that of its
// bucket's upper end, at most 1.6 % too large; Max and Mean are exact. The zero
// value is empty. It belongs to one goroutine at a time.
type Histogram struct {
	counts [buckets]uint64
	count  uint64
	sum    float64
	max    time.Duration
}

// Add counts d, n times. A negative duration counts as 0.
func (h *Histogram) Add(d time.Duration, n int) {
	d = max(d, 0)
	h.counts[bucketOf(d)] += uint64(n)
	h.count += uint64(n)
	h.sum += float64(d) * float64(n)
	h.max = max(h.max, d)
}

// Merge adds all that other counted.
func (h *Histogram) Merge(other *Histogram) {
	for i, n := range other.counts {
		h.counts[i] += n
	}
	h.count += other.count
	h.sum += other.sum
	h.max = max(h.max, other.max)
}

// Count returns how many durations were counted.
func (h *Histogram) Count() uint64 { return h.count }

// Max returns the longest duration, 0 if there is none.
func (h *Histogram) Max() time.Duration { return h.max }

// Mean returns the average, 0 if nothing was counted.
func (h *Histogram) Mean() time.Duration {
	if h.count == 0 {
		return 0
	}
	return time.Duration(h.sum / float64(h.count))
}

// Quantile returns the duration that a share q of all, from 0 to 1, does not
// exceed; 0 if nothing was counted.
func (h *Histogram) Quantile(q float64) time.Duration {
	want := uint64(q * float64(h.count))
	want = min(max(want, 1), h.count)
	seen := uint64(0)
	for i, n := range h.counts {
		if seen += n; n > 0 && seen >= want {
			return min(upperEnd(i), h.max)
		}
	}
	return 0
}

// bucketOf returns the bucket of d, which is not negative.
func bucketOf(d time.Duration) int {
	v := uint64(d)
	if v >= 1<<maxBits {
		return buckets - 1
	}
	shift := max(bits.Len64(v)-halfBits-1, 0)
	return shift*half + int(v>>shift)
}

// upperEnd returns the largest value of a bucket.
func upperEnd(i int) time.Duration {
	if i == buckets-1 {
		return 1<<63 - 1
	}
	shift := max(i/half-1, 0)
	return time.Duration((uint64(i-shift*half)+1)<<shift - 1)
}
