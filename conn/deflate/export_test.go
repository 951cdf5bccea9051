package deflate

// CompressFrom compresses messages without context, one after another, with one encoder whose positions
// begin at base.
func CompressFrom(base uint32, messages [][]byte, windowBits int) [][]byte {
	e := &encoder{index: index{base: base}}
	var payloads [][]byte
	for _, p := range messages {
		e.w = bitWriter{}
		e.compress(past{}, p, 1<<windowBits)
		e.w.sync()
		payloads = append(payloads, e.w.out)
	}
	return payloads
}

// CodeLengths returns the lengths of the codes for symbols of the given frequencies, at most limit, and
// the estimate of what the symbols carry, in bits.
func CodeLengths(frequencies []uint32, limit int) (sizes []uint8, entropy int) {
	var a alphabet
	a.collect(frequencies)
	entropy = a.entropy()
	a.fit(limit)
	return a.sizes[:len(frequencies)], entropy
}

// A History is a history for tests.
type History struct{ h history }

// NewHistory returns a History of at most limit bytes.
func NewHistory(limit int) *History { return &History{history{limit: limit}} }

// Remember adds p.
func (h *History) Remember(p []byte) { h.h.remember(p) }

// Plain returns all of the history.
func (h *History) Plain() []byte {
	p := h.h.plain()
	return append(append([]byte{}, p.older...), p.newer...)
}

// CopyFrom copies to dst from back bytes before the end.
func (h *History) CopyFrom(dst []byte, back int) int { return h.h.plain().copyFrom(dst, back) }

// Cap returns the memory held.
func (h *History) Cap() int { return cap(h.h.buf) }

// SplitDistance returns the code of a distance, the extra bits' number and value, and what the decoder
// takes for the code's shortest distance and number of extra bits.
func SplitDistance(distance int) (code, extra, value, base, decoderExtra uint32) {
	code, extra, value = distanceCode(uint32(distance) - 1)
	base, decoderExtra = distanceRange(int(code))
	return code, extra, value, base, decoderExtra
}

// SplitLength does the same for a length of 3 to 258.
func SplitLength(length int) (code, extra, base uint8) {
	code = lengthCode[length-minLength]
	return code, lengthExtra[code], lengthBase[code]
}
