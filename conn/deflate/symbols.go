package deflate

import "math/bits"

// The alphabets of a block (RFC 1951 §3.2.5).
const (
	endOfBlock   = 256
	firstLength  = 257
	numLiterals  = 286 // literals, end of block, length codes in use
	numDistances = 30  // distance codes in use

	minLength = 3
	maxLength = 258
)

// The lengths of codes (RFC 1951 §3.2.7).
const (
	maxCodeLength = 15 // of literals, lengths and distances
	maxMetaLength = 7  // of the codes that describe those lengths

	numMeta      = 19 // size of the alphabet of lengths
	repeatLast   = 16 // the last length again, 3 to 6 times
	repeatZero   = 17 // zero, 3 to 10 times
	repeatZeroes = 18 // zero, 11 to 138 times
)

// metaOrder is the order in which the code lengths of the alphabet of lengths are sent.
var metaOrder = [numMeta]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// lengthBase and lengthExtra give, for each length code from firstLength on, the shortest length less
// minLength, and the number of extra bits added to it.
var (
	lengthBase  = [29]uint8{0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 255}
	lengthExtra = [29]uint8{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
)

// lengthCode gives the index into lengthBase for a length less minLength.
var lengthCode = makeLengthCode()

func makeLengthCode() (t [256]uint8) {
	for code, base := range lengthBase {
		for n := int(base); n < len(t); n++ {
			t[n] = uint8(code)
		}
	}
	return t
}

// distanceCode splits a distance less one into its code, the number of extra bits and their value.
// Codes come in pairs that share their number of extra bits, so the code is the two leading bits.
func distanceCode(d uint32) (code, extra, value uint32) {
	if d < 2 {
		return d, 0, 0
	}
	extra = uint32(bits.Len32(d)) - 2
	return 2*extra + d>>extra, extra, d & (1<<extra - 1)
}

// distanceRange is the inverse: the shortest distance of a code, and its extra bits.
func distanceRange(code int) (base, extra uint32) {
	if code < 2 {
		return uint32(code) + 1, 0
	}
	extra = uint32(code)/2 - 1
	return (2+uint32(code)&1)<<extra + 1, extra
}
