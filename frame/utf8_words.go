package frame

import (
	"encoding/binary"
	"math/bits"
)

// highBits are the bits that no ASCII byte of a word has set.
const highBits = 0x8080808080808080

// validPrefix returns the length of a front of p that is whole, valid characters (RFC 3629 §4), p
// beginning at a character's border. It may stop early, at most a word before the end of p; where
// more than a word is left, the character there is bad.
//
// It loads eight bytes at a time, first byte lowest, and compares the fixed bits of the one or more
// characters they begin with.
func validPrefix(p []byte) int {
	i := 0
	for i+8 <= len(p) {
		v := binary.LittleEndian.Uint64(p[i:])
		high := v & highBits
		if high == 0 {
			i += 8
			i += asciiPrefix(p[i:])
			continue
		}
		if high&0x80 == 0 {
			i += bits.TrailingZeros64(high) / 8
			if i+8 > len(p) {
				break
			}
			v = binary.LittleEndian.Uint64(p[i:])
		}
		n := runLength(v)
		if n == 0 {
			return i
		}
		i += n
	}
	// The tail in one load, if it is ASCII: the word that ends with it, less what was seen before.
	if i < len(p) && len(p) >= 8 {
		tail := binary.LittleEndian.Uint64(p[len(p)-8:]) >> (8 * uint(8-(len(p)-i)))
		if tail&highBits == 0 {
			return len(p)
		}
	}
	return i
}

// asciiPrefix returns the length of a front of p that is ASCII, a multiple of 32.
func asciiPrefix(p []byte) int {
	i := 0
	for i+32 <= len(p) {
		q := p[i : i+32 : i+32]
		v := binary.LittleEndian.Uint64(q) | binary.LittleEndian.Uint64(q[8:]) |
			binary.LittleEndian.Uint64(q[16:]) | binary.LittleEndian.Uint64(q[24:])
		if v&highBits != 0 {
			break
		}
		i += 32
	}
	return i
}

// runLength returns how many bytes of the word v, first byte lowest, its first characters take: as
// many of one length as it recognises at once. 0 means that the first character is bad; v always
// holds it whole, and never begins with an ASCII byte.
func runLength(v uint64) int {
	switch {
	case v&0xC0C0F0 == 0x8080E0:
		return threes(v)
	case v&0xC0E0 == 0x80C0:
		return twos(v)
	case v&0xC0C0C0F8 == 0x808080F0:
		return fours(v)
	}
	return 0
}

// twos is runLength for a word whose first two bytes are 110xxxxx 10xxxxxx. C0 and C1, the overlong
// ones, have none of 1E set.
func twos(v uint64) int {
	const (
		fixed = 0xC0E0C0E0C0E0C0E0
		shape = 0x80C080C080C080C0
		value = 0x001E001E001E001E
		carry = 0x7FFF7FFF7FFF7FFF // a lane of value that isn't 0 carries into its top bit
		tops  = 0x8000800080008000
	)
	if v&fixed == shape && (v&value+carry)&tops == tops {
		return 8
	}
	if v&0x1E == 0 {
		return 0
	}
	return 2
}

// threes is runLength for a word whose first three bytes are 1110xxxx 10xxxxxx 10xxxxxx.
func threes(v uint64) int {
	if !three(v) {
		return 0
	}
	if w := v >> 24; w&0xC0C0F0 == 0x8080E0 && three(w) {
		return 6
	}
	return 3
}

// three reports whether the three-byte character that v begins with is neither overlong, E0 80 to
// E0 9F, nor a surrogate, ED A0 to ED BF: bit 5 of the second byte tells.
func three(v uint64) bool {
	x := v & 0x200F
	return x != 0x0000 && x != 0x200D
}

// fours is runLength for a word whose first four bytes are 11110xxx 10xxxxxx 10xxxxxx 10xxxxxx.
func fours(v uint64) int {
	if !four(v) {
		return 0
	}
	if w := v >> 32; w&0xC0C0C0F8 == 0x808080F0 && four(w) {
		return 8
	}
	return 4
}

// four reports whether the four-byte character that v begins with lies in U+10000 to U+10FFFF: its
// plane, the top five bits, must be 1 to 16. 0 is overlong.
func four(v uint64) bool {
	plane := v&7<<2 | v>>12&3
	return plane-1 < 16
}
