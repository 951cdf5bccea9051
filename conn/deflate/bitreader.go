package deflate

import "encoding/binary"

// bitReader takes bits from in. Those taken from there but not used yet are the low n of acc; what is
// above them in acc is not defined until the next refill.
type bitReader struct {
	in  []byte
	pos int // of the next byte
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
	for r.n < 56 && r.pos < len(r.in) {
		r.acc |= uint64(r.in[r.pos]) << r.n
		r.pos++
		r.n += 8
	}
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

// atEnd says whether the input is used up, after align.
func (r *bitReader) atEnd() bool { return r.pos == len(r.in) }

// noCode returns the error for e, an entry of kindInvalid.
func (r *bitReader) noCode(e entry) error {
	if e.size() == 0 && r.n < maxCodeLength {
		return errTruncated // the rest of a code is missing
	}
	return errCode
}
