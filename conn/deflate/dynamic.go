package deflate

// metaExtra is the number of extra bits of each symbol of the alphabet of lengths.
var metaExtra = [numMeta]uint8{repeatLast: 2, repeatZero: 3, repeatZeroes: 7}

// dynamicCodes are codes made for one block, with the header that describes them (RFC 1951 §3.2.7):
//
//	| literals - 257 | distances - 1 | sent - 4 | sizes of meta | runs, coded by meta |
//	|     5 bits     |    5 bits     |  4 bits  | sent × 3 bits |                     |
type dynamicCodes struct {
	literals, distances, meta alphabet

	sizes         [numLiterals + numDistances]uint8 // code lengths of both alphabets as sent:
	sentLiterals  int                               // so many of the first,
	sentDistances int                               // then so many of the second

	runs        [numLiterals + numDistances]run // the same in the alphabet of lengths: runs[:count]
	count       int
	frequencies [numMeta]uint32
	sentMeta    int // how many code lengths of the alphabet of lengths are sent

	codes     codeTables
	metaCodes [numMeta]code
}

// run is a symbol of the alphabet of lengths with its extra bits.
type run struct {
	symbol, extra uint8
}

// collect takes over the frequencies of a block.
func (d *dynamicCodes) collect(f *frequencies) {
	d.literals.collect(f.literals[:])
	d.distances.collect(f.distances[:])
}

// fixedSize returns how many bits the symbols take in the fixed codes.
func (d *dynamicCodes) fixedSize() int {
	return d.literals.total(fixedLiteralSizes[:]) + d.distances.total(fixedDistanceSizes[:])
}

// A header takes about so many bits, and so many more for each kind of symbol.
const (
	headerGuess        = 80
	headerGuessPerKind = 4
)

// guess returns about how many bits header and symbols would take in codes made for them.
func (d *dynamicCodes) guess() int {
	return headerGuess + headerGuessPerKind*(d.literals.n+d.distances.n) + d.literals.entropy() + d.distances.entropy()
}

// fit finds the lengths of the block's codes and the header that describes them, and returns how many
// bits header and symbols take.
func (d *dynamicCodes) fit() int {
	d.literals.fit(maxCodeLength)
	d.distances.fit(maxCodeLength)
	d.sentLiterals = max(used(d.literals.sizes[:]), firstLength)
	d.sentDistances = max(used(d.distances.sizes[:numDistances]), 1)
	copy(d.sizes[:], d.literals.sizes[:d.sentLiterals])
	copy(d.sizes[d.sentLiterals:], d.distances.sizes[:d.sentDistances])

	d.count = 0
	d.frequencies = [numMeta]uint32{}
	d.describe(d.sizes[:d.sentLiterals+d.sentDistances])
	d.meta.collect(d.frequencies[:])
	d.meta.fit(maxMetaLength)
	d.sentMeta = numMeta
	for d.meta.sizes[metaOrder[d.sentMeta-1]] == 0 {
		d.sentMeta-- // ends above 4: some length is not 0, and all of those come after the first 4
	}
	return d.headerSize() + d.literals.total(d.literals.sizes[:]) + d.distances.total(d.distances.sizes[:])
}

// assign makes the codes of the lengths found by fit.
func (d *dynamicCodes) assign() {
	d.literals.assign(d.codes.literals[:])
	d.distances.assign(d.codes.distances[:])
	d.meta.assign(d.metaCodes[:])
}

// used returns the length of sizes without the zeros at its end.
func used(sizes []uint8) int {
	n := len(sizes)
	for n > 0 && sizes[n-1] == 0 {
		n--
	}
	return n
}

// describe splits sizes into runs.
func (d *dynamicCodes) describe(sizes []uint8) {
	for len(sizes) > 0 {
		size, n := sizes[0], 1
		for n < len(sizes) && sizes[n] == size {
			n++
		}
		sizes = sizes[n:]
		if size == 0 {
			n = d.repeat(n, repeatZeroes, 11, 138)
			n = d.repeat(n, repeatZero, 3, 10)
		} else {
			d.add(size, 0)
			n = d.repeat(n-1, repeatLast, 3, 6)
		}
		for range n {
			d.add(size, 0)
		}
	}
}

// repeat covers as much of n as it can with a symbol that stands for shortest to longest, and returns
// the rest.
func (d *dynamicCodes) repeat(n int, symbol uint8, shortest, longest int) int {
	for n >= shortest {
		piece := min(n, longest)
		d.add(symbol, uint8(piece-shortest))
		n -= piece
	}
	return n
}

func (d *dynamicCodes) add(symbol, extra uint8) {
	d.runs[d.count] = run{symbol, extra}
	d.count++
	d.frequencies[symbol]++
}

// headerSize returns the bits of the header.
func (d *dynamicCodes) headerSize() int {
	n := 5 + 5 + 4 + 3*d.sentMeta + d.meta.total(d.meta.sizes[:])
	for symbol, bits := range metaExtra {
		n += int(d.frequencies[symbol]) * int(bits)
	}
	return n
}

// dynamicHeader writes the header; w must have room for it.
func (w *bitWriter) dynamicHeader(d *dynamicCodes) {
	w.add(uint64(d.sentLiterals-firstLength), 5)
	w.add(uint64(d.sentDistances-1), 5)
	w.add(uint64(d.sentMeta-4), 4)
	for _, symbol := range metaOrder[:d.sentMeta] {
		w.flush()
		w.add(uint64(d.meta.sizes[symbol]), 3)
	}
	for _, r := range d.runs[:d.count] {
		w.flush()
		w.code(d.metaCodes[r.symbol])
		w.add(uint64(r.extra), uint(metaExtra[r.symbol]))
	}
	w.flush()
}
