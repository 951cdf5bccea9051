package conformance

import (
	"errors"
	"fmt"
)

// checkWindow walks through a DEFLATE stream up to its final block and reports a
// distance over limit (RFC 7692 §7.1.2). compress/flate, which has one window only,
// wouldn't notice. It produces nothing, and leaves all other faults to the reader
// that does.
func checkWindow(src []byte, limit int) error {
	if limit >= 1<<fullWindow {
		return nil
	}
	b := bitReader{src: src}
	for {
		final, kind := b.take(1), b.take(2)
		switch kind {
		case 0:
			b.stored()
		case 1:
			fixed := fixedCodes()
			b.block(fixed[0], fixed[1], limit)
		case 2:
			lengths, distances := b.readCodes()
			b.block(lengths, distances, limit)
		default:
			b.fail(errors.New("block type 3"))
		}
		if b.err != nil || final == 1 {
			return b.err
		}
	}
}

// bitReader takes bits from the low end of each byte (RFC 1951 §3.1.1).
type bitReader struct {
	src []byte
	pos int // in bits
	err error
}

func (b *bitReader) fail(err error) {
	if b.err == nil {
		b.err = err
	}
}

// take returns the next n bits as a number.
func (b *bitReader) take(n int) (v int) {
	if b.err != nil || b.pos+n > 8*len(b.src) {
		b.fail(errors.New("DEFLATE stream ends too early"))
		return 0
	}
	for i := range n {
		v |= int(b.src[b.pos>>3]>>(b.pos&7)&1) << i
		b.pos++
	}
	return v
}

// stored skips a stored block (RFC 1951 §3.2.4).
func (b *bitReader) stored() {
	b.pos = (b.pos + 7) &^ 7
	length := b.take(16)
	b.take(16) // its complement
	if b.pos += 8 * length; b.pos > 8*len(b.src) {
		b.fail(errors.New("stored block ends too early"))
	}
}

// code is a canonical Huffman code: how many symbols there are of each length, and
// the symbols in order (RFC 1951 §3.2.2).
type code struct {
	counts  [16]int
	symbols []int
}

func newCode(lengths []int) code {
	var c code
	for length := 1; length < len(c.counts); length++ {
		for symbol, l := range lengths {
			if l == length {
				c.counts[length]++
				c.symbols = append(c.symbols, symbol)
			}
		}
	}
	return c
}

// symbol reads one symbol, bit by bit.
func (b *bitReader) symbol(c code) int {
	value, first, index := 0, 0, 0
	for _, count := range c.counts[1:] {
		value |= b.take(1)
		if value-first < count {
			return c.symbols[index+value-first]
		}
		index += count
		first = (first + count) << 1
		value <<= 1
	}
	b.fail(errors.New("no such Huffman code"))
	return 0
}

func fixedCodes() [2]code {
	lengths, distances := make([]int, 288), make([]int, 30)
	for i := range lengths {
		switch {
		case i < 144:
			lengths[i] = 8
		case i < 256:
			lengths[i] = 9
		case i < 280:
			lengths[i] = 7
		default:
			lengths[i] = 8
		}
	}
	for i := range distances {
		distances[i] = 5
	}
	return [2]code{newCode(lengths), newCode(distances)}
}

// readCodes reads the codes of a dynamic block (RFC 1951 §3.2.7).
func (b *bitReader) readCodes() (lengths, distances code) {
	order := [19]int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
	literals, dists, n := b.take(5)+257, b.take(5)+1, b.take(4)+4
	var codeLengths [19]int
	for _, at := range order[:n] {
		codeLengths[at] = b.take(3)
	}
	c := newCode(codeLengths[:])
	var all []int
	for len(all) < literals+dists && b.err == nil {
		symbol := b.symbol(c)
		repeat, value := 1, symbol
		switch symbol {
		case 16:
			repeat, value = 3+b.take(2), 0
			if len(all) > 0 {
				value = all[len(all)-1]
			}
		case 17:
			repeat, value = 3+b.take(3), 0
		case 18:
			repeat, value = 11+b.take(7), 0
		}
		for range repeat {
			all = append(all, value)
		}
	}
	if len(all) != literals+dists {
		b.fail(errors.New("code lengths run over their table"))
		return code{}, code{}
	}
	return newCode(all[:literals]), newCode(all[literals:])
}

// block walks through the symbols of a block (RFC 1951 §3.2.5).
func (b *bitReader) block(lengths, distances code, limit int) {
	for b.err == nil {
		symbol := b.symbol(lengths)
		switch {
		case symbol < 256:
			continue
		case symbol == 256:
			return
		}
		if symbol < 285 {
			b.take(max(0, (symbol-261)/4)) // the length itself doesn't matter
		}
		d := b.symbol(distances)
		extra := max(0, d/2-1)
		distance := d + 1
		if d > 3 {
			distance = (2+d&1)<<extra + 1
		}
		if distance += b.take(extra); distance > limit {
			b.fail(fmt.Errorf("distance %d is beyond the agreed window of %d bytes", distance, limit))
		}
	}
}
