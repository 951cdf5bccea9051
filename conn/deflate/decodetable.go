package deflate

// quickBits is the length up to which codes are decoded by one look at a table.
const (
	quickBits = 9
	quickMask = 1<<quickBits - 1
)

// An entry says what a code stands for: the length of the code (bits 0-3), the number of extra bits
// (bits 4-7), its kind (bits 8-9), and a value (bits 16-31): the byte, or the shortest length or distance.
type entry uint32

const (
	kindLiteral = iota << 8
	kindRange   // a length or a distance
	kindEnd     // end of block
	kindInvalid // a symbol that must not occur (RFC 1951 §3.2.6), or no code

	kindMask = 3 << 8
)

func makeEntry(kind, value, extra uint32) entry { return entry(value<<16 | kind | extra<<4) }

func (e entry) size() uint    { return uint(e & 15) }
func (e entry) extra() uint   { return uint(e >> 4 & 15) }
func (e entry) kind() uint32  { return uint32(e) & kindMask }
func (e entry) value() uint32 { return uint32(e >> 16) }

// literalEntries and distanceEntries hold the meaning of each symbol, less the length of its code.
var (
	literalEntries  = makeLiteralEntries()
	distanceEntries = makeDistanceEntries()
	metaEntries     = makeMetaEntries()
)

func makeLiteralEntries() (t [288]entry) {
	for i := range t {
		switch {
		case i < endOfBlock:
			t[i] = makeEntry(kindLiteral, uint32(i), 0)
		case i == endOfBlock:
			t[i] = makeEntry(kindEnd, 0, 0)
		case i < numLiterals:
			t[i] = makeEntry(kindRange, uint32(lengthBase[i-firstLength])+minLength, uint32(lengthExtra[i-firstLength]))
		default:
			t[i] = makeEntry(kindInvalid, 0, 0)
		}
	}
	return t
}

func makeDistanceEntries() (t [32]entry) {
	for i := range t {
		t[i] = makeEntry(kindInvalid, 0, 0)
		if i < numDistances {
			base, extra := distanceRange(i)
			t[i] = makeEntry(kindRange, base, extra)
		}
	}
	return t
}

func makeMetaEntries() (t [numMeta]entry) {
	for i := range t {
		t[i] = makeEntry(kindLiteral, uint32(i), 0)
	}
	return t
}

// decodeTable decodes one alphabet.
type decodeTable struct {
	quick  [1 << quickBits]entry     // by the next bits; 0 where a code is longer or there is none
	mask   uint64                    // how many of the next bits
	counts [maxCodeLength + 1]uint16 // codes of each length
	sorted [288]uint16               // symbols by code
	means  []entry                   // by symbol
}

// build makes the table for the code lengths in sizes (RFC 1951 §3.2.2), at most as many as there are
// means. Lengths must describe a complete prefix code, or a single code of one bit, which RFC 1951 §3.2.7
// allows for distances and other inflaters accept everywhere, or no code at all.
func (t *decodeTable) build(sizes []uint8, means []entry) error {
	t.count(sizes)
	var offset [maxCodeLength + 2]uint16
	left, longest := 1, 0
	for n := 1; n <= maxCodeLength; n++ {
		left = left<<1 - int(t.counts[n])
		if left < 0 {
			return errCodeLengths
		}
		if t.counts[n] > 0 {
			longest = n
		}
		offset[n+1] = offset[n] + t.counts[n]
	}
	if left > 0 && longest > 1 {
		return errCodeLengths
	}
	t.means = means
	for symbol, n := range sizes {
		if n > 0 {
			t.sorted[offset[n]] = uint16(symbol)
			offset[n]++
		}
	}
	t.fillQuick(min(longest, quickBits))
	return nil
}

// count fills in counts. Most sizes are 0, and to count them in one place would make each step wait for
// the one before; four places in turn don't.
func (t *decodeTable) count(sizes []uint8) {
	var turns [4][maxCodeLength + 1]uint16
	for i, n := range sizes {
		turns[i&3][n&15]++
	}
	t.counts[0] = 0
	for n := 1; n <= maxCodeLength; n++ {
		t.counts[n] = turns[0][n] + turns[1][n] + turns[2][n] + turns[3][n]
	}
}

// fillQuick makes the table for the next width bits. It doubles with each bit: what a shorter code stands
// for is the same whatever bit comes after it.
func (t *decodeTable) fillQuick(width int) {
	t.mask = 1<<width - 1
	t.quick[0] = 0
	code, at := 0, 0
	for n := 1; n <= width; n++ {
		half := 1 << (n - 1)
		copy(t.quick[half:], t.quick[:half])
		for range t.counts[n] {
			t.quick[makeCode(code, uint8(n)).bits&quickMask] = t.means[t.sorted[at]] | entry(n)
			at++
			code++
		}
		code <<= 1
	}
}

// look returns the entry for the code at the front of the bits in acc; if none begins there, one of
// kindInvalid.
func (t *decodeTable) look(acc uint64) entry {
	if e := t.quick[acc&t.mask&quickMask]; e != 0 {
		return e
	}
	return t.lookLong(acc)
}

// lookLong walks through the canonical code length by length: among the codes of one length, sorted and
// consecutive, the difference to the first of them counts symbols.
func (t *decodeTable) lookLong(acc uint64) entry {
	code, first, at := 0, 0, 0
	for n := 1; n <= maxCodeLength; n++ {
		code |= int(acc & 1)
		acc >>= 1
		count := int(t.counts[n])
		if code-first < count {
			return t.means[t.sorted[at+code-first]] | entry(n)
		}
		at += count
		first = (first + count) << 1
		code <<= 1
	}
	return kindInvalid
}
