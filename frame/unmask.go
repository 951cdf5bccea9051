package frame

import "encoding/binary"

// unmaskBlock is how many bytes Unmask unmasks before it checks them, where they aren't all ASCII:
// few enough to be still in the first-level cache.
const unmaskBlock = 1024

// Unmask unmasks p in place as Mask does, feeds it, and returns the rotated key and what Feed would
// (RFC 6455 §5.3 and §8.1 in one pass). If ok is false, next and the content of p are unspecified:
// part of p may still be masked.
func (u *UTF8) Unmask(p []byte, key uint32) (next uint32, ok bool) {
	if u.failed {
		return key, false
	}
	for {
		size := int(u.need) // what ends the character that is open
		if size == 0 {
			n, checked := unmaskFront(p, key)
			if checked < n && !u.Feed(p[checked:n]) {
				return key, false
			}
			p, key = p[n:], rotate(key, n)
			size = unmaskBlock
		}
		if len(p) == 0 {
			return key, true
		}
		block := p[:min(len(p), size)]
		key = Mask(block, key)
		if !u.Feed(block) {
			return key, false
		}
		p = p[len(block):]
	}
}

// unmaskASCII unmasks a front of p that turns out to be ASCII, and returns its length, a multiple of
// 32: the key is left unrotated.
func unmaskASCII(p []byte, key uint32) int {
	key64 := uint64(key)<<32 | uint64(key)
	i := 0
	for i+32 <= len(p) {
		q := p[i : i+32 : i+32]
		a := binary.LittleEndian.Uint64(q) ^ key64
		b := binary.LittleEndian.Uint64(q[8:]) ^ key64
		c := binary.LittleEndian.Uint64(q[16:]) ^ key64
		d := binary.LittleEndian.Uint64(q[24:]) ^ key64
		if (a|b|c|d)&highBits != 0 {
			break
		}
		binary.LittleEndian.PutUint64(q, a)
		binary.LittleEndian.PutUint64(q[8:], b)
		binary.LittleEndian.PutUint64(q[16:], c)
		binary.LittleEndian.PutUint64(q[24:], d)
		i += 32
	}
	return i
}
