package deflate_test

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"runtime"
	"testing"

	"github.com/godwit-ws/godwit/conn/deflate"
)

// bomb returns a payload of about 1 MiB whose plaintext is 1 GiB of zeros.
func bomb(t *testing.T) []byte {
	var part bytes.Buffer
	w, err := flate.NewWriter(&part, 9)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(make([]byte, 16<<20))
	w.Flush() // with the tail, so that parts follow each other
	return bytes.Repeat(part.Bytes(), 64)
}

// allocated returns the bytes allocated while f runs, a bound for what is live at any time.
func allocated(f func()) int {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int(after.TotalAlloc - before.TotalAlloc)
}

// TestBomb inflates 1 GiB under a limit of 2 MiB. Everything it ever allocates, and the bomb, stays below
// 4 MiB; and the bytes nats-server and others inflated before looking at their limit are never made.
func TestBomb(t *testing.T) {
	payload := bomb(t)
	d := deflate.NewDecompressor(deflate.DecompressorConfig{})
	cost := allocated(func() {
		if _, err := d.AppendMessage(nil, payload, 2<<20); !errors.Is(err, deflate.ErrTooBig) {
			t.Errorf("error %v, want ErrTooBig", err)
		}
	})
	if cost+len(payload) >= 4<<20 {
		t.Errorf("%d bytes allocated beside a bomb of %d", cost, len(payload))
	}
}

// TestGrowth checks that nothing is reserved for what is only claimed: the room is at most four times the
// plaintext, or the input if that is more, and the moves on the way cost no more than that again.
func TestGrowth(t *testing.T) {
	r := newRand(t)
	for _, kind := range kinds {
		for _, n := range []int{0, 1, 1000, 1 << 16, 600 << 10, 1 << 20} {
			for _, limit := range []int64{2 << 20, 1 << 40, -1} {
				t.Run(fmt.Sprintf("%s/size-%d/limit-%d", kind.name, n, limit), func(t *testing.T) {
					payload := deflate.AppendSelfContained(nil, kind.make(r, n), 15)
					d := deflate.NewDecompressor(deflate.DecompressorConfig{NoTakeover: true})
					var got []byte
					var err error
					cost := allocated(func() { got, err = d.AppendMessage(nil, payload, limit) })
					if err != nil || len(got) != n {
						t.Fatal(err)
					}
					if room := max(4*n, 4*len(payload), 512); cap(got) > room || cost > 2*room+1<<16 {
						t.Errorf("room for %d bytes, %d allocated in all; the plaintext has %d", cap(got), cost, n)
					}
				})
			}
		}
	}
}

// TestIdleMemory counts what connections keep between messages.
func TestIdleMemory(t *testing.T) {
	const conns = 100
	p := makeJSON(newRand(t), 40000)
	tests := []struct {
		name string
		cfg  deflate.CompressorConfig
		used bool
		max  int // bytes a connection
	}{
		{"never-used", deflate.CompressorConfig{}, false, 200},
		{"default", deflate.CompressorConfig{}, true, 4096 + 200},
		{"smaller", deflate.CompressorConfig{HistorySize: 2048}, true, 2048 + 200},
		{"small-window", deflate.CompressorConfig{WindowBits: 9}, true, 512 + 200},
		{"no-takeover", deflate.CompressorConfig{NoTakeover: true}, true, 200},
		{"no-history", deflate.CompressorConfig{HistorySize: -1}, true, 200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			all := make([]*deflate.Compressor, conns)
			dst := make([]byte, 0, deflate.MaxCompressed(len(p)))
			live := liveAfter(func() {
				for i := range all {
					all[i] = deflate.NewCompressor(tt.cfg)
					if tt.used {
						all[i].AppendFragment(dst, p)
						all[i].AppendMessage(dst, p[:100])
					}
				}
			})
			if live > conns*tt.max {
				t.Errorf("%d bytes a connection, want at most %d", live/conns, tt.max)
			}
			runtime.KeepAlive(all)
		})
	}
}

// TestIdleMemoryOfReceivers: the history is as long as what came, and at most the window.
func TestIdleMemoryOfReceivers(t *testing.T) {
	const conns = 200
	p := makeJSON(newRand(t), 40000)
	for _, tt := range []struct {
		name      string
		bits, get int
		max       int
	}{
		{"nothing-came", 15, 0, 200},
		{"little-came", 15, 300, 512 + 200},
		{"much-came", 15, len(p), 1<<15 + 200},
		{"small-window", 9, len(p), 512 + 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			payload := deflate.AppendSelfContained(nil, p[:tt.get], tt.bits)
			dst := make([]byte, 0, len(p))
			all := make([]*deflate.Decompressor, conns)
			live := liveAfter(func() {
				for i := range all {
					all[i] = deflate.NewDecompressor(deflate.DecompressorConfig{WindowBits: tt.bits})
					if _, err := all[i].AppendMessage(dst, payload, -1); err != nil {
						t.Fatal(err)
					}
				}
			})
			if live > conns*tt.max {
				t.Errorf("%d bytes a connection, want at most %d", live/conns, tt.max)
			}
			runtime.KeepAlive(all)
		})
	}
}

// liveAfter returns how many bytes more are live after f, pools emptied.
func liveAfter(f func()) int {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&before)
	f()
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&after)
	return int(after.HeapAlloc) - int(before.HeapAlloc)
}

func TestDoesNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("under the race detector pools drop what is put back")
	}
	r := newRand(t)
	for _, kind := range kinds {
		for _, n := range []int{0, 1, 256, 5000, 200000} {
			p := kind.make(r, n)
			c := deflate.NewCompressor(deflate.CompressorConfig{})
			d := deflate.NewDecompressor(deflate.DecompressorConfig{})
			payload := make([]byte, 0, deflate.MaxCompressed(n))
			plain := make([]byte, 0, n)
			t.Run(fmt.Sprintf("compress/%s/size-%d", kind.name, n), func(t *testing.T) {
				c.AppendMessage(payload, makeRandom(r, 5000))
				if allocs := testing.AllocsPerRun(50, func() { c.AppendMessage(payload, p) }); allocs != 0 {
					t.Errorf("%v allocations", allocs)
				}
			})
			t.Run(fmt.Sprintf("inflate/%s/size-%d", kind.name, n), func(t *testing.T) {
				payload := deflate.AppendSelfContained(nil, p, 15)
				for range 33 {
					d.AppendMessage(nil, deflate.AppendSelfContained(nil, makeRandom(r, 1000), 15), -1)
				}
				if allocs := testing.AllocsPerRun(50, func() { d.AppendMessage(plain, payload, int64(n)) }); allocs != 0 {
					t.Errorf("%v allocations", allocs)
				}
			})
		}
	}
}
