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

// fixedCodes are those of blocks without tables (RFC 1951 §3.2.6).
var fixedCodes = makeFixedCodes()

func makeFixedCodes() (t codeTables) {
	sizes := fixedSizes()
	var all [len(sizes)]code
	assign(all[:], sizes[:])
	copy(t.literals[:], all[:])
	for i := range t.distances {
		t.distances[i] = code{bits.Reverse16(uint16(i)) >> 11, 5}
	}
	return t
}

// fixedSizes are the code lengths of the fixed literal alphabet, with the two that are never used.
func fixedSizes() (sizes [288]uint8) {
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

// assign gives each symbol with a size above zero its canonical code (RFC 1951 §3.2.2). dst and sizes
// are equally long.
func assign(dst []code, sizes []uint8) {
	var next [maxCodeLength + 2]uint16
	for _, n := range sizes {
		next[n+1]++
	}
	next[1] = 0 // symbols without a code
	for n := 2; n < len(next); n++ {
		next[n] = (next[n] + next[n-1]) << 1
	}
	for i, n := range sizes {
		dst[i] = code{}
		if n == 0 {
			continue
		}
		dst[i] = code{bits.Reverse16(next[n]) >> (16 - n), n}
		next[n]++
	}
}
