package conformance_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/conn/internal/conformance"
	"github.com/godwit-ws/godwit/frame"
)

// What the peer writes is what it means to write, right or wrong.
func TestWire(t *testing.T) {
	tests := []struct {
		name      string
		payload   string
		form      int
		announced uint64
		head      string // before the masking key
	}{
		{"empty", "", 0, 0, "\x81\x80"},
		{"short", strings.Repeat("*", 125), 0, 0, "\x81\xfd"},
		{"medium", strings.Repeat("*", 126), 0, 0, "\x81\xfe\x00\x7e"},
		{"largest-medium", strings.Repeat("*", 65535), 0, 0, "\x81\xfe\xff\xff"},
		{"long", strings.Repeat("*", 65536), 0, 0, "\x81\xff\x00\x00\x00\x00\x00\x01\x00\x00"},
		{"needless-16", "hi", 16, 0, "\x81\xfe\x00\x02"},
		{"needless-64", "hi", 64, 0, "\x81\xff\x00\x00\x00\x00\x00\x00\x00\x02"},
		{"announced", "hi", 0, 3, "\x81\x85"},
		{"top-bit", "", 0, 1 << 63, "\x81\xff\x80\x00\x00\x00\x00\x00\x00\x00"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := conformance.Wire(tt.payload, tt.form, tt.announced)
			if head := string(got[:len(tt.head)]); head != tt.head {
				t.Fatalf("header % x, want % x", head, tt.head)
			}
			key, masked := got[len(tt.head):][:4], got[len(tt.head)+4:]
			for i := range masked {
				masked[i] ^= key[i%4]
			}
			if string(masked) != tt.payload {
				t.Errorf("payload unmasked to %.40q, want %.40q", masked, tt.payload)
			}
		})
	}
}

// Right frames are right for package frame too.
func TestWireParses(t *testing.T) {
	for _, n := range []int{0, 1, 125, 126, 65535, 65536} {
		b := conformance.Wire(strings.Repeat("*", n), 0, 0)
		h, size, err := frame.ParseHeader(b)
		if err != nil || h.Length != int64(n) || size+n != len(b) || !h.Masked || !h.Fin || h.Opcode != frame.Text {
			t.Errorf("text of %d bytes parses as %+v, %d, %v", n, h, size, err)
		}
	}
}

func TestSplit(t *testing.T) {
	tests := []struct {
		n, size int
		want    []int
	}{
		{0, 5, []int{0}},
		{5, 5, []int{5}},
		{6, 5, []int{5, 1}},
		{3, 1, []int{1, 1, 1}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, conformance.Split(tt.n, tt.size)); diff != "" {
			t.Errorf("%d bytes in fragments of %d (-want +got):\n%s", tt.n, tt.size, diff)
		}
	}
}

func TestImpossible(t *testing.T) {
	tests := []struct {
		s    string
		want int
	}{
		{"", -1}, {"abc", -1}, {"\xe2\x82", -1}, {"€", -1}, {"\xf4\x8f\xbf", -1}, {"\xf0\x90", -1}, {"\xee\x80", -1},
		{"\x80", 0}, {"a\xc0", 1}, {"\xc1", 0}, {"\xf5", 0}, {"\xff", 0},
		{"\xed\xa0\x80", 1}, {"\xf4\x90\x80\x80", 1}, {"\xe0\x9f", 1}, {"\xf0\x8f", 1}, {"\xe2\x82a", 2}, {"\xf0\x90\x80a", 3}, {"€€\xe2a", 7},
	}
	for _, tt := range tests {
		if got := conformance.Impossible(tt.s); got != tt.want {
			t.Errorf("impossible byte of % x: %d, want %d", tt.s, got, tt.want)
		}
	}
}

// It agrees with the streaming checker of package frame on every pair of bytes, and
// those with a first byte before them.
func TestImpossibleAgreesWithFrame(t *testing.T) {
	for a := range 256 {
		for b := range 256 {
			s := string([]byte{byte(a), byte(b)})
			var u frame.UTF8
			if got := conformance.Impossible(s) < 0; got != u.Feed([]byte(s)) {
				t.Errorf("% x may begin UTF-8: %t, package frame differs", s, got)
			}
			if utf8.ValidString(s) && conformance.Impossible(s) >= 0 {
				t.Errorf("% x is UTF-8, yet impossible", s)
			}
		}
	}
}
