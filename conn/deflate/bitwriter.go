package deflate

import (
	"encoding/binary"
	"slices"
)

// flushRoom is how many bytes past the end of what is written a flush may touch.
const flushRoom = 8

// syncTail is the empty stored block after its header's bits: what a flush ends with, and what the
// sender takes off a message's end (RFC 7692 §7.2.1).
const syncTail = "\x00\x00\xff\xff"

// bitWriter appends bits to out, the first in the lowest place (RFC 1951 §3.1.1). The bits not yet in
// out are the low n of acc.
type bitWriter struct {
	out []byte
	acc uint64
	n   uint
}

// add takes the low count bits of v; the others must be zero. Between flushes at most 56 bits fit.
func (w *bitWriter) add(v uint64, count uint) {
	w.acc |= v << (w.n & 63)
	w.n += count
}

// flush moves all whole bytes to out, which must have room for flushRoom more.
func (w *bitWriter) flush() {
	at := len(w.out)
	binary.LittleEndian.PutUint64(w.out[at:at+flushRoom], w.acc)
	w.out = w.out[:at+int(w.n>>3)]
	w.acc >>= w.n &^ 7
	w.n &= 7
}

// reserve makes room for nbits more bits and for a flush after them.
func (w *bitWriter) reserve(nbits int) {
	w.out = slices.Grow(w.out, (nbits+7)/8+flushRoom)
}

// stored writes p as stored blocks (RFC 1951 §3.2.4).
func (w *bitWriter) stored(p []byte) {
	for len(p) > 0 {
		n := min(len(p), maxStored)
		w.reserve(storedHeaderBits + 8*n)
		w.add(blockStored, 3)
		w.n = (w.n + 7) &^ 7
		w.flush()
		w.out = append(w.out, byte(n), byte(n>>8), byte(^n), byte(^n>>8))
		w.out = append(w.out, p[:n]...)
		p = p[n:]
	}
}

// sync writes the header of an empty stored block and fills the byte; syncTail, which would follow, is
// left to the caller.
func (w *bitWriter) sync() {
	w.reserve(storedHeaderBits)
	w.add(blockStored, 3)
	w.n = (w.n + 7) &^ 7
	w.flush()
}
