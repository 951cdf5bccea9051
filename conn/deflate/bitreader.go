package deflate

import "encoding/binary"

// bitReader takes bits from in and then from syncTail. The bits taken from there but not used yet are
// the low n of acc; what is above them in acc is not defined until the next refill.
type bitReader struct {
	in  []byte
	pos int // of the next byte, counted over in and syncTail
	acc uint64
	n   uint
}

// refill brings n to 56 or more, or to all that is left.
func (r *bitReader) refill() {
	if r.pos+8 <= len(r.in) {
		r.acc |= binary.LittleEndian.Uint64(r.in[r.pos:]) << (r.n & 63)
		r.pos += int((63 - r.n) >> 3)
		r.n |= 56
		return
	}
	r.refillSlow()
}

// refillSlow is refill near the end of the input. It leaves the bits of acc above n zero.
func (r *bitReader) refillSlow() {
	r.acc &= 1<<r.n - 1
	for r.n < 56 && r.pos < len(r.in)+len(syncTail) {
		r.acc |= uint64(r.byteAt(r.pos)) << r.n
		r.pos++
		r.n += 8
	}
}

// byteAt returns byte i of in and syncTail.
func (r *bitReader) byteAt(i int) byte {
	if i < len(r.in) {
		return r.in[i]
	}
	return syncTail[i-len(r.in)]
}

// use drops the count low bits of acc; there must be as many.
func (r *bitReader) use(count uint) {
	r.acc >>= count & 63
	r.n -= count
}

// low returns the low count bits of acc, at most 16.
func (r *bitReader) low(count uint) int { return int(r.acc & (1<<(count&31) - 1)) }

// take refills and returns the next count bits, at most 16.
func (r *bitReader) take(count uint) (uint32, error) {
	r.refill()
	if r.n < count {
		return 0, errTruncated
	}
	v := uint32(r.low(count))
	r.use(count)
	return v, nil
}

// align drops the bits up to the next byte border and gives whole bytes back to the input.
func (r *bitReader) align() {
	r.pos -= int(r.n >> 3)
	r.acc, r.n = 0, 0
}

// left returns how many bits have not been used, syncTail's included.
func (r *bitReader) left() int {
	return 8*(len(r.in)+len(syncTail)-r.pos) + int(r.n)
}
