package deflate

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

// choose finds the shortest form for the block that match has split p into, and leaves its size in cost
// unless it is to be stored.
func (e *encoder) choose(p []byte, afterStored bool) form {
	e.countSymbols(p)
	e.own.collect(&e.stats)
	best, limit := formFixed, storedLimit(len(p), afterStored)
	base := 3 + e.stats.extra
	e.cost = base + e.own.fixedSize()
	if base+e.own.guess() < min(e.cost, limit) {
		if size := base + e.own.fit(); size < e.cost {
			best, e.cost = formDynamic, size
		}
	}
	if e.cost > limit {
		return formStored
	}
	return best
}

// storedLimit returns the bits above which storing a block of n bytes is better. If the bytes before it
// wait to be stored, it needs no header, and anything else must save enough to pay for the header of
// what is stored after it. If not, storing costs its header, but that counts only once or twice in a
// message: this keeps what cannot be compressed within MaxCompressed.
func storedLimit(n int, afterStored bool) int {
	switch {
	case afterStored:
		return 8*n - storedHeaderBits
	case n < smallBlock:
		return 8*n + storedHeaderBits
	}
	return 8 * n
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

// write writes the block with plaintext p in form f, fixed or dynamic.
func (e *encoder) write(f form, p []byte) {
	e.w.reserve(e.cost)
	if f == formFixed {
		e.w.add(blockFixed, 3)
		e.writeSymbols(p, &fixedCodes)
		return
	}
	e.w.add(blockDynamic, 3)
	e.own.assign()
	e.w.dynamicHeader(&e.own)
	e.writeSymbols(p, &e.own.codes)
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
