package deflate_test

import (
	"testing"

	"github.com/godwit-ws/godwit/conn/deflate"
)

// TestDistanceCodes takes each distance apart and puts it together again (RFC 1951 §3.2.5).
func TestDistanceCodes(t *testing.T) {
	last := uint32(0)
	for distance := 1; distance <= 1<<15; distance++ {
		code, extra, value, base, decoderExtra := deflate.SplitDistance(distance)
		if int(base+value) != distance || extra != decoderExtra || value >= 1<<extra {
			t.Fatalf("distance %d: code %d from %d with %d of %d bits", distance, code, base, value, extra)
		}
		if code < last || code > last+1 || code >= 30 {
			t.Fatalf("distance %d: code %d after %d", distance, code, last)
		}
		last = code
	}
	for _, tt := range []struct{ distance, code int }{{1, 0}, {4, 3}, {5, 4}, {193, 15}, {257, 16}, {24577, 29}, {32768, 29}} {
		if code, _, _, _, _ := deflate.SplitDistance(tt.distance); int(code) != tt.code {
			t.Errorf("distance %d has code %d, want %d", tt.distance, code, tt.code)
		}
	}
}

// TestLengthCodes does the same for lengths (RFC 1951 §3.2.5).
func TestLengthCodes(t *testing.T) {
	for length := 3; length <= 258; length++ {
		code, extra, base := deflate.SplitLength(length)
		if over := length - 3 - int(base); over < 0 || over >= 1<<extra {
			t.Errorf("length %d: code %d from %d with %d bits", length, code, int(base)+3, extra)
		}
	}
	for _, tt := range []struct{ length, code, extra int }{{3, 0, 0}, {10, 7, 0}, {11, 8, 1}, {130, 23, 4}, {131, 24, 5}, {257, 27, 5}, {258, 28, 0}} {
		if code, extra, _ := deflate.SplitLength(tt.length); int(code) != tt.code || int(extra) != tt.extra {
			t.Errorf("length %d has code %d with %d bits, want %d with %d", tt.length, code, extra, tt.code, tt.extra)
		}
	}
}
