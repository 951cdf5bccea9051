//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package eventloop

import (
	"testing"
	"time"
)

// TestPace checks when hooks are given goroutines, and for how long.
func TestPace(t *testing.T) {
	var p pace
	now := time.Duration(0)
	turns := func(n int, d time.Duration) {
		for range n {
			now += d
			p.note(d, now)
		}
	}
	want := func(slow bool) {
		t.Helper()
		if p.slow(now) != slow {
			t.Fatalf("slow at %v is %v", now, !slow)
		}
	}
	turns(1000, 10*time.Microsecond)
	want(false)
	for range 100 { // one in a hundred is interrupted
		turns(1, time.Millisecond)
		turns(99, 10*time.Microsecond)
	}
	want(false)
	turns(16, time.Millisecond)
	want(true)
	for pause := firstPause; pause <= lastPause; pause *= 2 {
		now += pause - time.Microsecond
		want(true)
		now += time.Microsecond
		want(false)
		turns(16, time.Millisecond) // another try, another failure
		want(true)
	}
	now += 2 * lastPause
	want(false)
	turns(100_000, 30*time.Microsecond) // all is well for a while
	turns(16, time.Millisecond)
	want(true)
	now += firstPause
	want(false)
}
