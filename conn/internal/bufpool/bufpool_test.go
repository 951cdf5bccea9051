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

func TestGrowKeepsTheBytes(t *testing.T) {
	b := bufpool.Get(10)
	want := ""
	for i := range 5000 {
		b.Grow(3)
		room := cap(b.B) - len(b.B)
		b.B = append(b.B, byte(i), byte(i>>8), 7)
		want += string([]byte{byte(i), byte(i >> 8), 7})
		if room < 3 {
			t.Fatalf("Grow(3) left room for %d bytes", room)
		}
	}
	if string(b.B) != want {
		t.Error("Grow lost or changed bytes")
	}
	bufpool.Put(b)
}

func TestGrowDoesNotAllocateWhenThePoolIsFull(t *testing.T) {
	if raceEnabled {
		t.Skip("under the race detector a sync.Pool drops buffers at random")
	}
	for range 10 {
		fill()
	}
	if got := testing.AllocsPerRun(100, fill); got > 1 { // the collector may empty the pool
		t.Errorf("%v allocations", got)
	}
}

// fill grows a buffer to 64 KiB.
func fill() {
	b := bufpool.Get(100)
	for range 64 {
		b.Grow(1000)
		b.B = b.B[:len(b.B)+1000]
	}
	bufpool.Put(b)
}
