package deflate_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/godwit-ws/godwit/conn/deflate"
)

// TestHistoryAgainstSlice holds the ring against the plain way: append, and cut at the front.
func TestHistoryAgainstSlice(t *testing.T) {
	for _, limit := range []int{0, 1, 7, 256, 300, 4096} {
		t.Run(fmt.Sprintf("limit-%d", limit), func(t *testing.T) {
			r := newRand(t)
			h := deflate.NewHistory(limit)
			var want []byte
			for range 300 {
				p := makeRandom(r, r.IntN(1+r.IntN(2*limit+2)))
				h.Remember(p)
				want = append(want, p...)
				want = want[max(0, len(want)-limit):]
				if !bytes.Equal(h.Plain(), want) {
					t.Fatalf("after %d more bytes: % x, want % x", len(p), h.Plain(), want)
				}
				if h.Cap() > limit {
					t.Fatalf("holds %d bytes, more than the limit", h.Cap())
				}
			}
		})
	}
}

func TestHistoryCopyFrom(t *testing.T) {
	h := deflate.NewHistory(10)
	h.Remember([]byte("0123456789"))
	h.Remember([]byte("abc")) // 3456789 and abc are two pieces now
	const plain = "3456789abc"
	for back := 1; back <= len(plain); back++ {
		for n := range 14 {
			dst := make([]byte, n)
			got := string(dst[:h.CopyFrom(dst, back)])
			if want := plain[len(plain)-back:]; got != want[:min(n, back)] {
				t.Errorf("%d bytes from %d back: %q, want the start of %q", n, back, got, want)
			}
		}
	}
}

// TestHistoryGrowsWithPlaintext: small connections stay small.
func TestHistoryGrowsWithPlaintext(t *testing.T) {
	h := deflate.NewHistory(1 << 15)
	if h.Cap() != 0 {
		t.Errorf("%d bytes before any plaintext", h.Cap())
	}
	total := 0
	for _, n := range []int{1, 100, 300, 1000, 5000, 20000, 50000} {
		h.Remember(make([]byte, n))
		total += n
		if limit := min(max(256, 2*total), 1<<15); h.Cap() > limit {
			t.Errorf("%d bytes held after %d, want at most %d", h.Cap(), total, limit)
		}
	}
}
