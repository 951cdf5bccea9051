package frame_test

import (
	"bytes"
	"testing"
	"unicode/utf8"

	"github.com/godwit-ws/godwit/frame"
)

// A byte that can't begin a character is found with the bytes it came with, also where
// it is the last of them.
func TestUTF8UnmaskFaultAtTheEnd(t *testing.T) {
	for _, bad := range []byte{0x80, 0xC0, 0xC1, 0xF5, 0xF8, 0xFF} {
		for size := 1; size <= 600; size++ {
			p := bytes.Repeat([]byte("κόσμε"), 100)[:size]
			for !utf8.Valid(p) {
				p = p[:len(p)-1]
			}
			p = append(p, bad)
			frame.Mask(p, 0x01020304)
			var u frame.UTF8
			if _, ok := u.Unmask(p, 0x01020304); ok {
				t.Fatalf("%d bytes and then %#x: nothing was found", len(p)-1, bad)
			}
		}
	}
}
