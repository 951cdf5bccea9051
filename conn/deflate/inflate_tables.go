package deflate

// readTables reads the codes of a dynamic block (RFC 1951 §3.2.7): the lengths of the codes for the
// lengths of the codes, then those, for both alphabets in one run.
func (f *inflater) readTables() error {
	header, err := f.r.take(5 + 5 + 4)
	if err != nil {
		return err
	}
	literals := int(header&31) + firstLength
	distances := int(header>>5&31) + 1
	if literals > numLiterals || distances > numDistances {
		return errCodeLengths
	}
	// The table for distances is free until its own lengths are known.
	if err := f.readMeta(int(header>>10)+4, &f.dists); err != nil {
		return err
	}
	sizes := f.sizes[:literals+distances]
	if err := f.readSizes(sizes, &f.dists); err != nil {
		return err
	}
	if err := f.literals.build(sizes[:literals], literalEntries[:]); err != nil {
		return err
	}
	return f.dists.build(sizes[literals:], distanceEntries[:])
}

// readMeta reads count code lengths of the alphabet of lengths and makes its table.
func (f *inflater) readMeta(count int, t *decodeTable) error {
	var sizes [numMeta]uint8
	for _, symbol := range metaOrder[:count] {
		n, err := f.r.take(3)
		if err != nil {
			return err
		}
		sizes[symbol] = uint8(n)
	}
	return t.build(sizes[:], metaEntries[:])
}

// readSizes fills sizes with the code lengths that follow, coded by meta.
func (f *inflater) readSizes(sizes []uint8, meta *decodeTable) error {
	for at := 0; at < len(sizes); {
		f.r.refill()
		e := meta.look(f.r.acc)
		if e.kind() == kindInvalid {
			return f.r.noCode(e)
		}
		if e.size() > f.r.n {
			return errTruncated
		}
		f.r.use(e.size())
		if e.value() < repeatLast {
			sizes[at] = uint8(e.value())
			at++
			continue
		}
		run, err := f.readRun(e.value())
		if err != nil {
			return err
		}
		size := uint8(0)
		if e.value() == repeatLast {
			if at == 0 {
				return errCodeLengths
			}
			size = sizes[at-1]
		}
		if run > len(sizes)-at {
			return errCodeLengths
		}
		for range run {
			sizes[at] = size
			at++
		}
	}
	return nil
}

// readRun reads how often a repeating symbol repeats.
func (f *inflater) readRun(symbol uint32) (int, error) {
	extra, base := uint(2), 3
	switch symbol {
	case repeatZero:
		extra = 3
	case repeatZeroes:
		extra, base = 7, 11
	}
	n, err := f.r.take(extra)
	return int(n) + base, err
}
