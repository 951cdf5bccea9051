//go:build !purego

package frame_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/frame"
)

// The best kernel that the machine is capable of, by the system's word, is the one detected.
func TestDetect(t *testing.T) {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		t.Skip(err)
	}
	_, flags, _ := strings.Cut(string(text), "\nflags")
	flags, _, _ = strings.Cut(flags, "\n")
	has := func(flag string) bool { return slices.Contains(strings.Fields(flags), flag) }
	want := []string{"go"}
	if has("avx2") {
		want = append(want, "avx2")
		if has("avx512f") && has("avx512_vbmi2") {
			want = append(want, "avx512")
		}
	}
	if got := frame.Kernels(); !slices.Equal(got, want) {
		t.Errorf("Kernels() = %v, want %v", got, want)
	}
}

// AVX-512 is used only where VBMI2 and AVX2 are there too.
func TestBest(t *testing.T) {
	for _, tt := range []struct {
		avx2, avx512f, vbmi2 bool
		want                 string
	}{
		{false, false, false, "go"},
		{false, true, true, "go"},
		{true, false, false, "avx2"},
		{true, true, false, "avx2"},
		{true, false, true, "avx2"},
		{true, true, true, "avx512"},
	} {
		if got := frame.Best(tt.avx2, tt.avx512f, tt.vbmi2); got != tt.want {
			t.Errorf("AVX2 %t, AVX512F %t, VBMI2 %t: kernel %s, want %s", tt.avx2, tt.avx512f, tt.vbmi2, got, tt.want)
		}
	}
}
