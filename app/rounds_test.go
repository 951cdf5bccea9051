package app_test

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"
)

// rounds calls play with seed after seed, for a moment or, with GODWIT_LONG, a minute,
// until one fails. GODWIT_SEED sets the first, which is printed.
func rounds(t *testing.T, play func(seed uint64)) {
	t.Helper()
	seed, d := rand.Uint64(), 300*time.Millisecond
	if s := os.Getenv("GODWIT_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	if os.Getenv("GODWIT_LONG") != "" {
		d = time.Minute
	}
	t.Logf("GODWIT_SEED=%d", seed)
	for start := time.Now(); time.Since(start) < d && !t.Failed(); seed++ {
		play(seed)
	}
}
