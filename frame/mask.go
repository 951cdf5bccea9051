package frame

import "math/bits"

// Mask XORs p with key in place, which masks it or unmasks it (RFC 6455 §5.3). The low byte of key
// meets p[0]. It returns the key rotated for the byte after p, so that a payload may be masked piece
// by piece, whatever the pieces' lengths.
func Mask(p []byte, key uint32) (next uint32) {
	maskBytes(p, p, key)
	return rotate(key, len(p))
}

// MaskCopy sets dst[i] to src[i] XOR key's byte i modulo 4, for all of src (RFC 6455 §5.3), and
// returns the key as Mask does. dst must be at least as long as src, or it panics; what lies past
// len(src) is left alone. The two may not overlap unless they start at the same byte.
func MaskCopy(dst, src []byte, key uint32) (next uint32) {
	if len(dst) < len(src) {
		panic("frame: MaskCopy: dst shorter than src")
	}
	maskBytes(dst[:len(src)], src, key)
	return rotate(key, len(src))
}

// rotate returns key as it meets the byte n places further on.
func rotate(key uint32, n int) uint32 {
	return bits.RotateLeft32(key, -8*(n&3))
}
