package figure_test

import (
	"testing"

	"github.com/godwit-ws/godwit/bench/internal/figure"
)

func TestMedian(t *testing.T) {
	for _, tt := range []struct {
		in   []float64
		want float64
	}{
		{[]float64{3}, 3},
		{[]float64{4, 2}, 3},
		{[]float64{9, 1, 2}, 2},
		{[]float64{9, 1, 2, 4}, 3},
	} {
		if got := figure.Median(tt.in); got != tt.want {
			t.Errorf("median of %v is %v, want %v", tt.in, got, tt.want)
		}
	}
}

func TestRounds(t *testing.T) {
	for n, want := range map[int]string{1: "One round only", 3: "Medians of 3 rounds"} {
		if got := figure.Rounds(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[float64]string{0: "0", 999: "999", 1000: "1,000", 123456.7: "123,457", 1e9: "1,000,000,000"} {
		if got := figure.Thousands(n); got != want {
			t.Errorf("%v: %q, want %q", n, got, want)
		}
	}
}
