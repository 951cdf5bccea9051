package limit_test

import (
	"math"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/app/internal/limit"
)

// step asks for n tokens some time after the step before.
type step struct {
	after time.Duration
	n     int
	want  bool
}

// bucketCases hold for Bucket and for a client of Rate alike.
var bucketCases = []struct {
	name  string
	limit limit.Limit
	steps []step
}{
	{"burst-then-one-by-one", limit.Limit{Events: 3, Window: 3 * time.Second}, []step{
		{0, 1, true}, {0, 1, true}, {0, 1, true}, {0, 1, false},
		{time.Second - 1, 1, false}, {1, 1, true}, {0, 1, false}, {time.Second, 1, true},
	}},
	{"fills-to-the-brim-only", limit.Limit{Events: 2, Window: 2 * time.Second}, []step{
		{0, 2, true}, {time.Hour, 1, true}, {0, 1, true}, {0, 1, false},
	}},
	{"several", limit.Limit{Events: 5, Window: 5 * time.Second}, []step{
		{0, 4, true}, {0, 2, false}, {0, 1, true}, {2 * time.Second, 3, false}, {0, 2, true},
	}},
	{"refused-costs-nothing", limit.Limit{Events: 1, Window: time.Second}, []step{
		{0, 1, true}, {time.Second / 2, 1, false}, {time.Second / 2, 1, true},
	}},
	{"more-than-all", limit.Limit{Events: 5}, []step{{0, 6, false}, {time.Hour, 6, false}, {0, 5, true}}},
	{"none", limit.Limit{Events: 1}, []step{{0, 1, true}, {0, 0, true}, {0, -5, true}, {0, 1, false}}},
	{"window-is-a-second", limit.Limit{Events: 2}, []step{{0, 2, true}, {time.Second/2 - 1, 1, false}, {1, 1, true}}},
	{"window-negative", limit.Limit{Events: 2, Window: -1}, []step{{0, 2, true}, {time.Second/2 - 1, 1, false}, {1, 1, true}}},
	{"off", limit.Limit{}, []step{{0, 1, true}, {0, 1 << 30, true}}},
	{"off-negative", limit.Limit{Events: -1, Window: time.Hour}, []step{{0, 1, true}, {0, 1, true}}},
	{"uneven", limit.Limit{Events: 3, Window: 10}, []step{{0, 3, true}, {3, 1, false}, {1, 1, true}, {4, 1, true}, {3, 1, false}}},
	{"more-events-than-nanoseconds", limit.Limit{Events: 1000, Window: 10}, []step{{0, 1000, true}, {0, 1, false}, {1, 1, true}, {0, 1, false}}},
	{"longest-window", limit.Limit{Events: 1, Window: math.MaxInt64}, []step{{0, 1, true}, {1 << 59, 1, false}, {1 << 59, 1, true}}},
	{"most-events", limit.Limit{Events: math.MaxInt, Window: math.MaxInt64}, []step{{0, 1 << 30, true}, {0, 1, true}}},
}

func TestBucket(t *testing.T) {
	for _, tt := range bucketCases {
		t.Run(tt.name, func(t *testing.T) {
			var b limit.Bucket
			now := time.Now()
			for i, s := range tt.steps {
				now = now.Add(s.after)
				if got := b.AllowN(tt.limit, s.n, now); got != s.want {
					t.Fatalf("step %d: AllowN(%d) = %v, want %v", i, s.n, got, s.want)
				}
			}
		})
	}
}

// A clock that is set back gives no tokens, and takes none.
func TestBucketClockSetBack(t *testing.T) {
	var b limit.Bucket
	l := limit.Limit{Events: 2, Window: 2 * time.Second}
	now := time.Unix(1000, 0)
	if !b.Allow(l, now) || b.AllowN(l, 2, now.Add(-time.Second)) || !b.Allow(l, now) {
		t.Error("a step back of the clock gives or takes tokens")
	}
}

func TestBucketAllocs(t *testing.T) {
	var b limit.Bucket
	l, now := limit.Limit{Events: 10}, time.Now()
	if got := testing.AllocsPerRun(100, func() { b.Allow(l, now) }); got != 0 {
		t.Errorf("%v allocations", got)
	}
}
