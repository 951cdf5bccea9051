package frame

import "encoding/binary"

// maskWords sets dst to src XOR key, the two being of equal length, by whole words while they last.
func maskWords(dst, src []byte, key uint32) {
	key64 := uint64(key)<<32 | uint64(key)
	for len(src) >= 32 && len(dst) >= 32 {
		s, d := src[:32], dst[:32]
		a := binary.LittleEndian.Uint64(s) ^ key64
		b := binary.LittleEndian.Uint64(s[8:]) ^ key64
		c := binary.LittleEndian.Uint64(s[16:]) ^ key64
		e := binary.LittleEndian.Uint64(s[24:]) ^ key64
		binary.LittleEndian.PutUint64(d, a)
		binary.LittleEndian.PutUint64(d[8:], b)
		binary.LittleEndian.PutUint64(d[16:], c)
		binary.LittleEndian.PutUint64(d[24:], e)
		src, dst = src[32:], dst[32:]
	}
	for len(src) >= 8 && len(dst) >= 8 {
		binary.LittleEndian.PutUint64(dst, binary.LittleEndian.Uint64(src)^key64)
		src, dst = src[8:], dst[8:]
	}
	if len(src) >= 4 && len(dst) >= 4 {
		binary.LittleEndian.PutUint32(dst, binary.LittleEndian.Uint32(src)^key)
		src, dst = src[4:], dst[4:]
	}
	for i := 0; i < len(src) && i < len(dst); i++ {
		dst[i] = src[i] ^ byte(key)
		key >>= 8
	}
}
