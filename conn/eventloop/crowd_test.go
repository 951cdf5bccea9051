//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package eventloop

import (
	"runtime"
	"testing"
)

func TestCrowd(t *testing.T) {
	type step struct {
		all, long, jobs uint64 // since the step before
		sparse          bool
	}
	tests := []struct {
		name  string
		steps []step
	}{
		{"too few to judge", []step{{15, 0, 0, false}}},
		{"few add up", []step{{15, 0, 0, false}, {1, 0, 0, true}}},
		{"beside nobody", []step{{16, 1, 0, true}, {32, 7, 0, true}, {31, 31, 0, true}}},
		{"beside others", []step{{16, 2, 0, false}, {1000, 500, 0, false}}},
		{"others come and go", []step{{100, 1, 0, true}, {32, 8, 0, false}, {15, 0, 0, false}, {1, 0, 0, true}}},
		{"the pool's wait for each other", []step{{100, 1, 0, true}, {500, 400, 1, true}, {32, 8, 0, false}}},
		{"the pool's count while it is dense", []step{{500, 400, 9, false}, {500, 40, 9, true}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var c crowd
			var w waits
			var jobs uint64
			for i, s := range tt.steps {
				w.all, w.long, jobs = w.all+s.all, w.long+s.long, jobs+s.jobs
				if c.judge(w, jobs); c.sparse.Load() != s.sparse {
					t.Fatalf("after step %d sparse = %v", i, c.sparse.Load())
				}
			}
		})
	}
}

// The runtime counts what crowd judges.
func TestCrowdCounts(t *testing.T) {
	var c crowd
	before := c.count()
	for range 1000 {
		ran := make(chan struct{})
		go close(ran)
		<-ran
		runtime.Gosched()
	}
	after := c.count()
	if after.all <= before.all || after.long > after.all {
		t.Errorf("%+v, then %+v", before, after)
	}
}
