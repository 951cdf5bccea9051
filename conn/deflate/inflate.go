package deflate

import "sync"

// inflater is the working memory of one call, pooled between them.
type inflater struct {
	r        bitReader
	out      output
	literals decodeTable
	dists    decodeTable
	sizes    [288 + 32]uint8
}

var inflaters = sync.Pool{New: func() any { return new(inflater) }}

// fixedDecoder holds the tables of blocks without tables (RFC 1951 §3.2.6). It is never written to.
var fixedDecoder = makeFixedDecoder()

func makeFixedDecoder() *[2]decodeTable {
	t := new([2]decodeTable)
	literals := t[0].build(fixedLiteralSizes[:], literalEntries[:])
	distances := t[1].build(fixedDistanceSizes[:], distanceEntries[:])
	if literals != nil || distances != nil {
		panic("deflate: the fixed codes are wrong")
	}
	return t
}

// inflate appends the plaintext of src to dst. Distances reach back through what it appended into old, at
// most window bytes in all.
func inflate(dst, src []byte, old past, window int, max int64) ([]byte, error) {
	if len(src) == 0 {
		return dst, nil
	}
	f := inflaters.Get().(*inflater)
	f.r = bitReader{in: src}
	f.out = newOutput(dst, old, window, max, len(src))
	err := f.stream()
	dst = f.out.bytes()
	f.r, f.out = bitReader{}, output{}
	inflaters.Put(f)
	return dst, err
}

// stream inflates blocks until the payload ends as it should: with the header of an empty stored block
// whose rest the sender took off (RFC 7692 §7.2.1). We don't put that rest back, as RFC 7692 §7.2.2 has
// it, but take the payload's end for it, so that it can't be mistaken for the content of a block that was
// cut off.
func (f *inflater) stream() error {
	for {
		header, err := f.r.take(3)
		if err != nil {
			return err
		}
		switch header &^ 1 {
		case blockStored:
			if f.r.align(); f.r.atEnd() {
				return nil
			}
			err = f.stored()
		case blockFixed:
			err = f.symbols(&fixedDecoder[0], &fixedDecoder[1])
		case blockDynamic:
			if err = f.readTables(); err == nil {
				err = f.symbols(&f.literals, &f.dists)
			}
		default:
			err = errBlockType
		}
		if err != nil {
			return err
		}
		if header&1 == 0 {
			continue
		}
		// A stream has ended, and another may follow in the next byte (RFC 7692 §7.2.3.4). A sender that
		// forgot the empty block has said all it had to say.
		if f.r.align(); f.r.atEnd() {
			return nil
		}
	}
}

// stored copies a stored block, from its length on (RFC 1951 §3.2.4).
func (f *inflater) stored() error {
	rest := f.r.in[f.r.pos:]
	if len(rest) < 4 {
		return errTruncated
	}
	n := int(rest[0]) | int(rest[1])<<8
	if n^0xffff != int(rest[2])|int(rest[3])<<8 {
		return errStoredLength
	}
	rest = rest[4:]
	if len(rest) < n {
		return errTruncated
	}
	f.r.pos += 4 + n
	return f.out.write(rest[:n])
}

// matchBits is the most bits a match takes: two codes and their extra bits.
const matchBits = maxCodeLength + 5 + maxCodeLength + 13

// symbols inflates the rest of a block in the given codes (RFC 1951 §3.2.3). Literals, most of what there
// is, go by in this loop with the state in local variables; everything else is special's.
func (f *inflater) symbols(literals, distances *decodeTable) error {
	acc, n := f.r.acc, f.r.n
	buf, at := f.out.buf, f.out.at
	for {
		if n < matchBits {
			f.r.acc, f.r.n = acc, n
			f.r.refill()
			acc, n = f.r.acc, f.r.n
		}
		e := literals.quick[acc&literals.mask&quickMask]
		if e == 0 {
			e = literals.lookLong(acc)
		}
		if e.kind() == kindLiteral && e.size() <= n && at < len(buf) {
			buf[at] = byte(e.value())
			at++
			acc >>= e.size()
			n -= e.size()
			continue
		}
		f.r.acc, f.r.n, f.out.at = acc, n, at
		end, err := f.special(e, distances)
		if end || err != nil {
			return err
		}
		acc, n = f.r.acc, f.r.n
		buf, at = f.out.buf, f.out.at
	}
}

// special inflates what e, at the front of the input, stands for, and says whether that ends the block.
func (f *inflater) special(e entry, distances *decodeTable) (end bool, err error) {
	r := &f.r
	if e.size()+e.extra() > r.n {
		return false, errTruncated
	}
	r.use(e.size())
	switch e.kind() {
	case kindLiteral:
		return false, f.out.literal(byte(e.value()))
	case kindEnd:
		return true, nil
	case kindInvalid:
		return false, r.noCode(e)
	}
	length := int(e.value()) + r.low(e.extra())
	r.use(e.extra())
	e = distances.look(r.acc)
	if e.kind() == kindInvalid {
		return false, r.noCode(e)
	}
	if e.size()+e.extra() > r.n {
		return false, errTruncated
	}
	r.use(e.size())
	distance := int(e.value()) + r.low(e.extra())
	r.use(e.extra())
	return false, f.out.match(distance, length)
}
