//go:build !purego

package frame

// minNEON is the shortest input of maskNEON, in bytes.
const minNEON = 16

// maskBytes sets dst to src XOR key, the two being of equal length.
func maskBytes(dst, src []byte, key uint32) {
	if n := len(src); n >= minNEON && running == kernelNEON {
		maskNEON(&dst[0], &src[0], n, key)
		return
	}
	maskWords(dst, src, key)
}

// maskNEON sets n bytes at dst to those at src XOR key. The two are the same or don't overlap. n is
// at least minNEON.
//
//go:noescape
func maskNEON(dst, src *byte, n int, key uint32)
