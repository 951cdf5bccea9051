package deflate

import (
	"math"
	"math/bits"
)

// The three bits a block begins with: never the last one (RFC 7692 §7.2.1 wants none), then its type
// (RFC 1951 §3.2.3).
const (
	blockStored  = 0 << 1
	blockFixed   = 1 << 1
	blockDynamic = 2 << 1
)

// storedHeaderBits is the most a stored block costs above its bytes: its header, filling up the byte,
// the length and its complement. From a byte border it is storedHeaderBytes.
const (
	storedHeaderBits  = 3 + 7 + 32
	storedHeaderBytes = 5
)

// smallBlock is a block that can only be the last: shorter than any that ran out of sequences.
const smallBlock = 4096

// form is a way to write a block.
type form int

const (
	formStored form = iota
	formFixed
	formDynamic
)

// frequencies counts the symbols of a block.
type frequencies struct {
	literals  [numLiterals]uint32
	distances [numDistances]uint32
	extra     int // bits beside the codes
}

// choose finds the shortest form for the block that match has split p into. afterStored says that the
// bytes before it wait to be stored, so that storing it too costs no header, and anything else must save
// enough to pay for the header after it: this keeps what cannot be compressed within MaxCompressed.
func (e *encoder) choose(p []byte, afterStored bool) form {
	e.countSymbols(p)
	best := formFixed
	e.cost = 3 + e.stats.size(&fixedCodes)
	if e.worthCodes() {
		e.own.fit(&e.stats)
		if size := 3 + e.own.headerSize() + e.stats.size(&e.own.codeTables); size < e.cost {
			best, e.cost = formDynamic, size
		}
	}
	limit := 8 * len(p)
	switch {
	case afterStored:
		limit -= storedHeaderBits
	case len(p) < smallBlock:
		limit += storedHeaderBits
	}
	if e.cost > limit {
		return formStored
	}
	return best
}

// worthCodes guesses whether codes of its own can make the block shorter than fixed ones do: the entropy
// of its symbols, which no code goes below, and a modest guess at the header must leave something.
func (e *encoder) worthCodes() bool {
	s := &e.stats
	bits, kinds := entropy(s.literals[:])
	more, moreKinds := entropy(s.distances[:])
	return s.extra+bits+more+leastHeader+headerPerKind*(kinds+moreKinds) < e.cost
}

const (
	leastHeader   = 40
	headerPerKind = 3
)

// entropy returns how many bits symbols of the given frequencies carry, and how many kinds there are.
func entropy(frequencies []uint32) (bits, kinds int) {
	total, sum := uint32(0), uint32(0)
	for _, f := range frequencies {
		if f > 0 {
			total += f
			sum += f * log2(f)
			kinds++
		}
	}
	return int(total*log2(total)-sum) >> logShift, kinds
}

// logShift is the number of fractional bits of log2's result.
const logShift = 4

// log2 returns the binary logarithm of n as a fixed-point number; 0 for 0.
func log2(n uint32) uint32 {
	shift := max(bits.Len32(n), 8) - 8
	return uint32(logs[n>>(shift&31)]) + uint32(shift)<<logShift
}

// logs holds the logarithms of small numbers.
var logs = makeLogs()

func makeLogs() (t [256]uint8) {
	for n := range t {
		t[n] = uint8(math.Round(math.Log2(float64(max(n, 1))) * (1 << logShift)))
	}
	return t
}

// countSymbols fills in stats for the sequences of the block with plaintext p.
func (e *encoder) countSymbols(p []byte) {
	s := &e.stats
	*s = frequencies{}
	for _, q := range e.seqs[:e.count] {
		for _, b := range p[:q.literals] {
			s.literals[b]++
		}
		p = p[int(q.literals)+int(q.length):]
		length := lengthCode[uint8(q.length-minLength)]
		distance, extra, _ := distanceCode(uint32(q.distance))
		s.literals[firstLength+int(length)]++
		s.distances[distance]++
		s.extra += int(lengthExtra[length]) + int(extra)
	}
	for _, b := range p {
		s.literals[b]++
	}
	s.literals[endOfBlock]++
}

// size returns the bits of the block's symbols, with their extra bits, in the given codes.
func (s *frequencies) size(c *codeTables) int {
	n := s.extra
	for i, f := range &s.literals {
		n += int(f) * int(c.literals[i].size)
	}
	for i, f := range &s.distances {
		n += int(f) * int(c.distances[i].size)
	}
	return n
}

// write writes the block with plaintext p in form f, fixed or dynamic.
func (e *encoder) write(f form, p []byte) {
	e.w.reserve(e.cost)
	if f == formFixed {
		e.w.add(blockFixed, 3)
		e.writeSymbols(p, &fixedCodes)
		return
	}
	e.w.add(blockDynamic, 3)
	e.w.writeHeader(&e.own)
	e.writeSymbols(p, &e.own.codeTables)
}

// writeSymbols writes the sequences of the block with plaintext p, and its end.
func (e *encoder) writeSymbols(p []byte, c *codeTables) {
	w := e.w
	for _, q := range e.seqs[:e.count] {
		w.literals(p[:q.literals], c)
		p = p[int(q.literals)+int(q.length):]
		w.flush()
		rest := uint8(q.length - minLength)
		length := lengthCode[rest]
		w.code(c.literals[firstLength+int(length)])
		w.add(uint64(rest-lengthBase[length]), uint(lengthExtra[length]))
		distance, extra, value := distanceCode(uint32(q.distance))
		w.code(c.distances[distance])
		w.add(uint64(value), uint(extra))
	}
	w.literals(p, c)
	w.flush()
	w.code(c.literals[endOfBlock])
	w.flush()
	e.w = w
}

// code adds the bits of a code.
func (w *bitWriter) code(c code) { w.add(uint64(c.bits), uint(c.size)) }

// literals writes p as literals.
func (w *bitWriter) literals(p []byte, c *codeTables) {
	for _, b := range p {
		if w.n > 64-maxCodeLength-1 {
			w.flush()
		}
		w.code(c.literals[b])
	}
}
