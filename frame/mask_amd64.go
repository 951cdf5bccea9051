//go:build !purego

package frame

const (
	minAVX2   = 16 // the shortest input of maskAVX2, in bytes
	minAVX512 = 64 // and of maskAVX512
)

// maskBytes sets dst to src XOR key, the two being of equal length.
func maskBytes(dst, src []byte, key uint32) {
	n := len(src)
	switch {
	case n >= minAVX512 && running == kernelAVX512:
		maskAVX512(&dst[0], &src[0], n, key)
	case n >= minAVX2 && running >= kernelAVX2:
		maskAVX2(&dst[0], &src[0], n, key)
	default:
		maskWords(dst, src, key)
	}
}

// maskAVX2 sets n bytes at dst to those at src XOR key. The two are the same or don't overlap. n is
// at least minAVX2.
//
//go:noescape
func maskAVX2(dst, src *byte, n int, key uint32)

// maskAVX512 does what maskAVX2 does. n is at least minAVX512.
//
//go:noescape
func maskAVX512(dst, src *byte, n int, key uint32)
