package memconn_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/conn/internal/memconn"
)

// TestTurns holds turns to a plain queue under random operations.
func TestTurns(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	var turns memconn.Turns
	var queue []uint64
	for range 20_000 {
		switch op := rnd.IntN(5); {
		case op < 2:
			queue = append(queue, turns.Take())
		case op == 2 && len(queue) > 1:
			i := 1 + rnd.IntN(len(queue)-1)
			turns.GiveUp(queue[i])
			queue = slices.Delete(queue, i, i+1)
		case len(queue) > 0:
			turns.End()
			queue = queue[1:]
		}
		for i, turn := range queue {
			if turns.IsNow(turn) != (i == 0) {
				t.Fatalf("turn %d of %d in the queue: now is %t", i, len(queue), i != 0)
			}
		}
		if len(queue) == 0 && turns.Kept() != 0 {
			t.Fatalf("%d turns given up are still kept, with nobody waiting", turns.Kept())
		}
	}
}
