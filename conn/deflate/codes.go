package deflate

import "math/bits"

// code is a prefix code: the low size bits of bits, in the order in which they are sent.
type code struct {
	bits uint16
	size uint8
}

// codeTables are the codes of a block.
type codeTables struct {
	literals  [numLiterals]code
	distances [numDistances]code
}

// The code lengths of blocks without tables (RFC 1951 §3.2.6), and their codes. The alphabets have
// symbols beyond those in use.
var (
	fixedLiteralSizes  = makeFixedLiteralSizes()
	fixedDistanceSizes = [32]uint8{
		5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5,
	}
	fixedCodes = makeFixedCodes()
)

func makeFixedLiteralSizes() (sizes [288]uint8) {
	for i := range sizes {
		switch {
		case i < 144:
			sizes[i] = 8
		case i < 256:
			sizes[i] = 9
		case i < 280:
			sizes[i] = 7
		default:
			sizes[i] = 8
		}
	}
	return sizes
}

// makeFixedCodes writes down the four ranges of RFC 1951 §3.2.6.
func makeFixedCodes() (t codeTables) {
	for i := range t.literals {
		var value int
		switch {
		case i < 144:
			value = 0x30 + i
		case i < 256:
			value = 0x190 + i - 144
		case i < 280:
			value = i - 256
		default:
			value = 0xc0 + i - 280
		}
		t.literals[i] = makeCode(value, fixedLiteralSizes[i])
	}
	for i := range t.distances {
		t.distances[i] = makeCode(i, fixedDistanceSizes[i])
	}
	return t
}

// makeCode turns a code as the RFC writes it, its first bit highest, into the order of sending.
func makeCode(value int, size uint8) code {
	return code{bits.Reverse16(uint16(value)) >> (16 - size), size}
}
