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
