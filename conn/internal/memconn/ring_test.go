package memconn_test

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/conn/internal/memconn"
)

// TestRing holds the ring to a bytes.Buffer under random operations.
func TestRing(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	var ring memconn.Ring
	var want bytes.Buffer
	next := byte(0)
	for range 20_000 {
		p := make([]byte, 1+rnd.IntN(1<<rnd.IntN(18)))
		switch rnd.IntN(8) {
		case 0, 1, 2, 3:
			for i := range p {
				p[i] = next + byte(i)
			}
			n := ring.Write(p)
			if room := memconn.BufferSize - want.Len(); n != min(len(p), room) {
				t.Fatalf("write of %d with room for %d took %d", len(p), room, n)
			}
			want.Write(p[:n])
			next += byte(n)
		case 4, 5, 6:
			q := make([]byte, len(p))
			n := ring.Read(p)
			m, _ := want.Read(q)
			if n != m || !bytes.Equal(p[:n], q[:m]) {
				t.Fatalf("read gave %d bytes, want %d, or other bytes", n, m)
			}
		default:
			if rnd.IntN(20) == 0 {
				ring.Drop()
				want.Reset()
			}
		}
		if ring.Len() != want.Len() {
			t.Fatalf("holds %d bytes, want %d", ring.Len(), want.Len())
		}
		if (ring.Held() == 0) != (ring.Len() == 0) {
			t.Fatalf("holds %d bytes in a buffer of %d", ring.Len(), ring.Held())
		}
	}
}

func TestRingTakesTheBufferItNeeds(t *testing.T) {
	const small = 4 << 10
	tests := []struct {
		name   string
		writes []int
		want   int
	}{
		{"nothing", []int{0}, 0},
		{"a-byte", []int{1}, small},
		{"small-buffer-full", []int{1, small - 1}, small},
		{"one-more", []int{small, 1}, memconn.BufferSize},
		{"large-at-once", []int{small + 1}, memconn.BufferSize},
		{"full", []int{memconn.BufferSize}, memconn.BufferSize},
		{"past-full", []int{memconn.BufferSize + 1}, memconn.BufferSize},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var r memconn.Ring
			for _, n := range tt.writes {
				r.Write(make([]byte, n))
			}
			if got := r.Held(); got != tt.want {
				t.Errorf("after writing %v holds a buffer of %d, want %d", tt.writes, got, tt.want)
			}
			r.Read(make([]byte, memconn.BufferSize))
			if got := r.Held(); got != 0 {
				t.Errorf("drained, holds a buffer of %d, want none", got)
			}
		})
	}
}

// TestRingGrowsWhileWrapped moves the bytes of a small buffer, split around its end, to a large one.
func TestRingGrowsWhileWrapped(t *testing.T) {
	const small = 4 << 10
	in := make([]byte, 2*small)
	for i := range in {
		in[i] = byte(i * 7)
	}
	var r memconn.Ring
	r.Write(in[:small])
	got := make([]byte, len(in)+1)
	n := r.Read(got[:small-10])
	r.Write(in[small : small+100]) // wraps
	r.Write(in[small+100:])        // grows
	for r.Len() > 0 {
		n += r.Read(got[n:])
	}
	if !bytes.Equal(got[:n], in) {
		t.Error("bytes changed while the buffer grew")
	}
}
