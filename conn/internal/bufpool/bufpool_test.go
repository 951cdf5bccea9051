package bufpool_test

import (
	"testing"

	"github.com/godwit-ws/godwit/conn/internal/bufpool"
)

func TestGetHoldsWhatWasAsked(t *testing.T) {
	for _, n := range []int{0, 1, 511, 512, 513, 4096, 65536, 65537, 4 << 20, 4<<20 + 1} {
		b := bufpool.Get(n)
		if len(b.B) != 0 || cap(b.B) < n {
			t.Errorf("Get(%d) has length %d and capacity %d", n, len(b.B), cap(b.B))
		}
		bufpool.Put(b)
	}
}

func TestPutFilesByCapacity(t *testing.T) {
	b := bufpool.Get(512)
	b.B = append(b.B[:cap(b.B)], 1) // append picks a capacity between two classes
	bufpool.Put(b)
	for range 100 {
		for _, n := range []int{600, 1024, 2048} {
			if got := bufpool.Get(n); cap(got.B) < n {
				t.Fatalf("Get(%d) lent a buffer of %d bytes", n, cap(got.B))
			}
		}
	}
	bufpool.Put(nil) // must be harmless
}
