package deflate_test

import (
	"math/bits"
	"slices"
)

// bitString builds DEFLATE by hand, a bit at a time.
type bitString struct {
	out []byte
	n   int
}

// raw adds the low count bits of v, lowest first, as numbers are sent.
func (b *bitString) raw(v, count int) {
	for i := range count {
		if b.n%8 == 0 {
			b.out = append(b.out, 0)
		}
		b.out[b.n/8] |= byte(v>>i&1) << (b.n % 8)
		b.n++
	}
}

// code adds the low count bits of v, highest first, as codes are sent.
func (b *bitString) code(v, count int) {
	b.raw(int(bits.Reverse32(uint32(v))>>(32-count)), count)
}

func (b *bitString) fixedBlock() { b.raw(0b010, 3) }

// literal adds a literal below 144 in the fixed code.
func (b *bitString) literal(c byte) { b.code(0x30+int(c), 8) }

// match adds a match of 3 to 10 bytes in the fixed code.
func (b *bitString) match(length, distance int) {
	b.code(length-2, 7)
	code, base := 0, 1
	for base+1<<max(0, code/2-1) <= distance {
		base += 1 << max(0, code/2-1)
		code++
	}
	b.code(code, 5)
	b.raw(distance-base, max(0, code/2-1))
}

func (b *bitString) endOfBlock() { b.code(0, 7) }

// sync ends the payload and returns it.
func (b *bitString) sync() []byte {
	b.raw(0, 3)
	return b.out
}

// storedBlock returns p, at most 65535 bytes, as a stored block.
func storedBlock(p []byte) []byte {
	n := len(p)
	return slices.Concat([]byte{0, byte(n), byte(n >> 8), byte(^n), byte(^n >> 8)}, p)
}

// dynamicHeader starts a dynamic block with the given counts and sizes of the alphabet of lengths, in
// the order of sending.
func (b *bitString) dynamicHeader(literals, distances int, meta ...int) {
	b.raw(0b100, 3)
	b.raw(literals-257, 5)
	b.raw(distances-1, 5)
	b.raw(len(meta)-4, 4)
	for _, size := range meta {
		b.raw(size, 3)
	}
}
