package deflate_test

import (
	"bytes"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/godwit-ws/godwit/conn/deflate"
)

// TestConnectionsShareNothing runs connections side by side over the same pools, one of them receiving
// garbage, and checks that none sees another's bytes.
func TestConnectionsShareNothing(t *testing.T) {
	seed := newRand(t).Uint64()
	var wg sync.WaitGroup
	for conn := range 8 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(conn)))
			bits := 8 + conn
			c := deflate.NewCompressor(deflate.CompressorConfig{WindowBits: bits, NoTakeover: conn%3 == 0})
			d := deflate.NewDecompressor(deflate.DecompressorConfig{WindowBits: bits})
			for range 100 {
				p := kinds[r.IntN(len(kinds))].make(r, r.IntN(3000))
				payload := c.AppendMessage(nil, p)
				if got, err := d.AppendMessage(nil, payload, int64(len(p))); err != nil || !bytes.Equal(got, p) {
					t.Errorf("connection %d: %d bytes: %v", conn, len(p), err)
					return
				}
				broken := deflate.NewDecompressor(deflate.DecompressorConfig{})
				broken.AppendMessage(nil, makeRandom(r, 100), 1000)
			}
		})
	}
	wg.Wait()
}
