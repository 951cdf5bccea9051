//go:build !purego

package frame_test

import (
	"slices"
	"testing"

	"github.com/godwit-ws/godwit/frame"
)

// There is no arm64 that runs Go and has no NEON.
func TestDetect(t *testing.T) {
	if got, want := frame.Kernels(), []string{"go", "neon"}; !slices.Equal(got, want) {
		t.Errorf("Kernels() = %v, want %v", got, want)
	}
}
