package deflate

import (
	"encoding/binary"
	"math/bits"
)

const (
	// minMatch is the shortest match looked for. Three bytes rarely pay for their distance.
	minMatch = 4
	// matchRoom is the most sequences one match makes: a block of nothing else, in pieces of maxLength,
	// and one for the last piece evened out.
	matchRoom = maxBlock/maxLength + 2
	// skipShift sets how soon the search takes longer steps through what does not match.
	skipShift = 5
)

// index finds earlier places with the same four bytes. An entry is a position plus base, and base moves
// by more than a window from one message to the next, so entries left by earlier messages are simply too
// far away, and the table is never cleared.
type index struct {
	table  [1 << maxIndexBits]uint32
	base   uint32
	drop   uint32 // how far the hash is shifted right: 32 less the bits of the table in use
	window uint32
}

const (
	minIndexBits = 11
	maxIndexBits = 14
)

// start prepares for a message that is n bytes long with its history. The larger it is the more of the
// table is used: little for small ones, so that the table stays in the nearest cache.
func (x *index) start(n int, window uint32) {
	used := min(max(bits.Len(uint(n))-1, minIndexBits), maxIndexBits)
	x.drop = 32 - uint32(used)
	x.window = window
}

// shift tells that position 0 from now on is what was position n.
func (x *index) shift(n int) { x.base += uint32(n) }

// finish moves base past a message of n bytes from position 0 on, and clears the table in the rare case
// that positions could run over.
func (x *index) finish(n int) {
	next := uint64(x.base) + uint64(n) + maxWindow
	if next > 1<<31 {
		clear(x.table[:])
		next = maxWindow + 1
	}
	x.base = uint32(next)
}

// hash gives the place in a table of 32 - drop bits for four bytes.
func hash(four, drop uint32) uint32 {
	return four * 0x9e3779b1 >> (drop & 31) & (1<<maxIndexBits - 1)
}

// learn enters every third position of src[:n], the history. Searching meets such a position at the
// latest three bytes into a match and extends it backwards, so that little is missed, while this, the
// price of keeping history without its index, stays small.
func (x *index) learn(src []byte, n int) {
	drop, base := x.drop, x.base
	for i := 0; i < n && i+8 <= len(src); i += 6 {
		eight := binary.LittleEndian.Uint64(src[i:])
		x.table[hash(uint32(eight), drop)] = base + uint32(i)
		x.table[hash(uint32(eight>>24), drop)] = base + uint32(i) + 3
	}
}

// sequence is a run of literals and the match after it: the number of literals, the length, and the
// distance less one.
type sequence struct {
	literals uint32
	length   uint16
	distance uint16
}

// match splits src[from:to], at most maxBlock bytes, into sequences and literals after the last of them. It
// returns how far it came: to, or less if there was no room for more sequences.
func (e *encoder) match(src []byte, from, to int) int {
	e.count = 0
	drop, base, window := e.drop, e.base, e.window
	literal, i := from, from
	for i+minMatch <= to {
		four := load32(src, i)
		slot := &e.table[hash(four, drop)]
		at := base + uint32(i)
		distance := at - *slot
		*slot = at
		// Unsigned: a distance of 0 is as far out of the window as one too long.
		if distance-1 >= window || load32(src, i-int(distance)) != four {
			i += 1 + (i-literal)>>skipShift
			continue
		}
		start, back := i, i-int(distance)
		for start > literal && back > 0 && src[start-1] == src[back-1] {
			start--
			back--
		}
		end := i + minMatch + commonPrefix(src[i+minMatch:to], src[i+minMatch-int(distance):])
		e.emit(start-literal, end-start, distance)
		literal = end
		for k := max(i+1, end-3); k < end && k+minMatch <= to; k++ {
			e.table[hash(load32(src, k), drop)] = base + uint32(k)
		}
		i = end
		if e.count > len(e.seqs)-matchRoom {
			return end
		}
	}
	return to
}

// emit adds a match of length bytes after a run of literals, in pieces that a length code can name.
func (e *encoder) emit(literals, length int, distance uint32) {
	for length > 0 {
		piece := min(length, maxLength)
		if rest := length - piece; rest > 0 && rest < minLength {
			piece -= minLength
		}
		e.seqs[e.count] = sequence{uint32(literals), uint16(piece), uint16(distance - 1)}
		e.count++
		literals = 0
		length -= piece
	}
}

// commonPrefix returns how many bytes a and b share at their front; b is at least as long as a.
func commonPrefix(a, b []byte) int {
	n := 0
	for n+8 <= len(a) {
		if x := binary.LittleEndian.Uint64(a[n:]) ^ binary.LittleEndian.Uint64(b[n:]); x != 0 {
			return n + bits.TrailingZeros64(x)>>3
		}
		n += 8
	}
	for n < len(a) && a[n] == b[n] {
		n++
	}
	return n
}

func load32(p []byte, i int) uint32 { return binary.LittleEndian.Uint32(p[i:]) }
