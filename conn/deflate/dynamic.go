package deflate

// metaExtra is the number of extra bits of each symbol of the alphabet of lengths.
var metaExtra = [numMeta]uint8{repeatLast: 2, repeatZero: 3, repeatZeroes: 7}

// dynamicCodes are codes made for one block, with the header that describes them (RFC 1951 §3.2.7):
//
//	| literals - 257 | distances - 1 | sent - 4 | sizes of meta | runs, coded by meta |
//	|     5 bits     |    5 bits     |  4 bits  | sent × 3 bits |                     |
type dynamicCodes struct {
	codeTables
	builder codeBuilder

	sizes     [numLiterals + numDistances]uint8 // code lengths of both alphabets
	literals  int                               // how many of them are sent for literals and lengths,
	distances int                               // and for distances

	runs  [numLiterals + numDistances]run // the same in the alphabet of lengths: runs[:count]
	count int

	frequencies [numMeta]uint32
	metaSizes   [numMeta]uint8
	meta        [numMeta]code
	sent        int // how many of metaSizes are sent
}

// run is a symbol of the alphabet of lengths with its extra bits.
type run struct {
	symbol, extra uint8
}

// fit makes the codes for a block with these frequencies.
func (d *dynamicCodes) fit(f *frequencies) {
	literals, distances := d.sizes[:numLiterals], d.sizes[numLiterals:]
	d.builder.lengths(literals, f.literals[:], maxCodeLength)
	d.builder.lengths(distances, f.distances[:], maxCodeLength)
	assign(d.codeTables.literals[:], literals)
	assign(d.codeTables.distances[:], distances)
	d.literals = max(used(literals), firstLength)
	d.distances = max(used(distances), 1)

	d.count = 0
	d.frequencies = [numMeta]uint32{}
	copy(d.sizes[d.literals:], distances[:d.distances])
	d.describe(d.sizes[:d.literals+d.distances])

	d.builder.lengths(d.metaSizes[:], d.frequencies[:], maxMetaLength)
	assign(d.meta[:], d.metaSizes[:])
	d.sent = numMeta
	for d.metaSizes[metaOrder[d.sent-1]] == 0 {
		d.sent-- // stops at 4 at the latest: lengths above 0 exist, and all of theirs come later
	}
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
	n := 5 + 5 + 4 + 3*d.sent
	for symbol, f := range d.frequencies {
		n += int(f) * int(d.metaSizes[symbol]+metaExtra[symbol])
	}
	return n
}

// writeHeader writes the header; w must have room for it.
func (w *bitWriter) writeHeader(d *dynamicCodes) {
	w.add(uint64(d.literals-firstLength), 5)
	w.add(uint64(d.distances-1), 5)
	w.add(uint64(d.sent-4), 4)
	for _, symbol := range metaOrder[:d.sent] {
		w.flush()
		w.add(uint64(d.metaSizes[symbol]), 3)
	}
	for _, r := range d.runs[:d.count] {
		w.flush()
		w.code(d.meta[r.symbol])
		w.add(uint64(r.extra), uint(metaExtra[r.symbol]))
	}
	w.flush()
}
