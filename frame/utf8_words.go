package frame

import (
	"encoding/binary"
	"unicode/utf8"
)

// highBits are the bits that no ASCII byte of a word has set.
const highBits = 0x8080808080808080

// validPrefix returns the length of a front of p that is whole, valid characters. What it leaves is
// either bad or cut within its first utf8.UTFMax bytes.
func validPrefix(p []byte) int {
	i := 0
	for i < len(p) {
		for len(p)-i >= 8 && binary.LittleEndian.Uint64(p[i:])&highBits == 0 {
			i += 8
		}
		for i < len(p) && p[i] < utf8.RuneSelf {
			i++
		}
		for i < len(p) && p[i] >= utf8.RuneSelf {
			r, n := utf8.DecodeRune(p[i:])
			if r == utf8.RuneError && n == 1 {
				return i
			}
			i += n
		}
	}
	return i
}
