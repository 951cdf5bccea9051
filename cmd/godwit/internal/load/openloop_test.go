package load_test

import (
	"slices"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/cmd/godwit/internal/load"
	"github.com/google/go-cmp/cmp"
)

func TestSchedule(t *testing.T) {
	ms := time.Millisecond
	for _, tt := range []struct {
		name string
		rate float64
		i, n int
		end  time.Duration
		want []time.Duration
	}{
		{"alone", 100, 0, 1, 35 * ms, []time.Duration{0, 10 * ms, 20 * ms, 30 * ms}},
		{"up-to-the-end", 100, 0, 1, 30 * ms, []time.Duration{0, 10 * ms, 20 * ms}},
		{"second-of-two", 100, 1, 2, 50 * ms, []time.Duration{10 * ms, 30 * ms}},
		{"too-late", 100, 9, 10, 50 * ms, nil},
		{"no-time", 100, 0, 1, 0, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, load.Schedule(tt.rate, tt.i, tt.n, tt.end)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestScheduleSharesTheRate counts the messages of all connections: so many as the
// rate says, evenly spaced.
func TestScheduleSharesTheRate(t *testing.T) {
	const rate, conns = 1000, 7
	var all []time.Duration
	for i := range conns {
		all = append(all, load.Schedule(rate, i, conns, time.Second)...)
	}
	slices.Sort(all)
	if len(all) != rate {
		t.Errorf("%d messages, want %d", len(all), rate)
	}
	for k, at := range all {
		if want := time.Duration(k) * time.Second / rate; at < want-time.Microsecond || at > want+time.Microsecond {
			t.Fatalf("message %d is due at %v, want %v", k, at, want)
		}
	}
}

// TestPace wakes connections no earlier than their messages are due, and every one
// of them as often as it has to wait.
func TestPace(t *testing.T) {
	const rate, conns = 2000, 5
	late, woken := load.Pace(t.Context(), rate, conns, 100*time.Millisecond)
	if late < 0 {
		t.Errorf("woken %v too early", -late)
	}
	for i, n := range woken {
		if n == 0 {
			t.Errorf("connection %d was never woken", i)
		}
	}
}
