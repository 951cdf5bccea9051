package fuzz_test

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"slices"
)

// What an inflater says of a payload that it can't inflate.
var (
	errCorrupt = errors.New("corrupt")
	errTooBig  = errors.New("too big")
)

// syncTail is what a sender takes off the end of a payload (RFC 7692 §7.2.1).
const syncTail = "\x00\x00\xff\xff"

// slowInflater inflates one payload after the other, bit by bit, as RFC 1951 §3.2
// tells it, and holds each distance to the window. It fails by panicking with one
// of the errors above, which inflate turns into a result.
type slowInflater struct {
	window     int // largest distance, in bytes
	noTakeover bool

	in    []byte // the payload
	at    int    // in bits
	plain []byte // all plaintext that may be referred to, and the message's
	start int    // where the message begins in plain
	max   int    // longest message; negative: no limit
}

// inflate returns the plaintext of a message (RFC 7692 §7.2.2).
func (s *slowInflater) inflate(payload []byte, max int) (message []byte, err error) {
	if s.noTakeover {
		s.plain = nil
	}
	s.start, s.max = len(s.plain), max
	if len(payload) == 0 {
		return nil, nil
	}
	s.in, s.at = payload, 0
	defer func() {
		if r := recover(); r != nil {
			message, err = nil, r.(error)
		}
	}()
	s.stream()
	return s.plain[s.start:], nil
}

// stream inflates blocks up to the header of the empty one whose rest, syncTail,
// was taken off (RFC 7692 §7.2.1). A block marked as the last ends a stream; another
// may begin at the next byte, but a sender that has marked its last block may also
// leave it at that (RFC 7692 §7.2.3.4).
func (s *slowInflater) stream() {
	for {
		last, form := s.bits(1) == 1, s.bits(2)
		if form == 0 && s.ends() {
			return
		}
		s.block(form)
		if last && s.ends() {
			return
		}
	}
}

// ends goes on to the next byte, and reports whether there is none.
func (s *slowInflater) ends() bool {
	s.at = (s.at + 7) / 8 * 8
	return s.at == 8*len(s.in)
}

func (s *slowInflater) bits(n int) (v int) {
	for i := range n {
		if s.at == 8*len(s.in) {
			panic(errCorrupt)
		}
		v |= int(s.in[s.at/8]>>(s.at%8)&1) << i
		s.at++
	}
	return v
}

func (s *slowInflater) block(form int) {
	switch form {
	case 0:
		s.stored()
	case 1:
		sizes := slices.Concat(slices.Repeat([]int{8}, 144), slices.Repeat([]int{9}, 112),
			slices.Repeat([]int{7}, 24), slices.Repeat([]int{8}, 8))
		s.symbols(newCode(sizes), newCode(slices.Repeat([]int{5}, 32)))
	case 2:
		s.dynamic()
	default:
		panic(errCorrupt)
	}
}

// stored copies a block's bytes, which begin at the next byte.
func (s *slowInflater) stored() {
	n := s.bits(16)
	if s.bits(16) != 0xFFFF-n || s.at/8+n > len(s.in) {
		panic(errCorrupt)
	}
	s.emit(s.in[s.at/8:][:n]...)
	s.at += 8 * n
}

// emit appends to the message, as far as it may grow.
func (s *slowInflater) emit(p ...byte) {
	if s.max >= 0 && len(s.plain)-s.start+len(p) > s.max {
		panic(errTooBig)
	}
	s.plain = append(s.plain, p...)
}

// code is a prefix code: its symbols in order, and how many have each length.
type code struct {
	symbols []int
	count   [16]int
}

// newCode makes the code whose symbols have the lengths in sizes, 0 for none
// (RFC 1951 §3.2.2). It has to be complete, but for a code of one bit alone or of
// nothing, which every inflater takes as long as nothing else is asked of it.
func newCode(sizes []int) (c code) {
	room := 1 << 15
	for n := 1; n < len(c.count); n++ {
		for symbol, size := range sizes {
			if size == n {
				c.symbols = append(c.symbols, symbol)
				c.count[n]++
				room -= 1 << (15 - n)
			}
		}
	}
	alone := len(c.symbols) == 0 || len(c.symbols) == 1 && c.count[1] == 1
	if room < 0 || room > 0 && !alone {
		panic(errCorrupt)
	}
	return c
}

// symbol reads one symbol of c.
func (s *slowInflater) symbol(c code) int {
	value, first, at := 0, 0, 0
	for n := 1; n < len(c.count); n++ {
		value = 2*value + s.bits(1)
		first *= 2
		if value-first < c.count[n] {
			return c.symbols[at+value-first]
		}
		first += c.count[n]
		at += c.count[n]
	}
	panic(errCorrupt)
}

// dynamic reads the codes of a block, then the block (RFC 1951 §3.2.7).
func (s *slowInflater) dynamic() {
	literals, distances, lengths := 257+s.bits(5), 1+s.bits(5), 4+s.bits(4)
	if literals > 286 || distances > 30 {
		panic(errCorrupt)
	}
	order := []int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
	sizes := make([]int, len(order))
	for _, symbol := range order[:lengths] {
		sizes[symbol] = s.bits(3)
	}
	meta := newCode(sizes)
	sizes = nil
	for len(sizes) < literals+distances {
		symbol, size, times := s.symbol(meta), 0, 1
		switch symbol {
		case 16:
			if len(sizes) == 0 {
				panic(errCorrupt)
			}
			size, times = sizes[len(sizes)-1], 3+s.bits(2)
		case 17:
			times = 3 + s.bits(3)
		case 18:
			times = 11 + s.bits(7)
		default:
			size = symbol
		}
		sizes = append(sizes, slices.Repeat([]int{size}, times)...)
	}
	if len(sizes) > literals+distances {
		panic(errCorrupt)
	}
	s.symbols(newCode(sizes[:literals]), newCode(sizes[literals:]))
}

// symbols reads literals and matches up to the end of the block
// (RFC 1951 §3.2.5).
func (s *slowInflater) symbols(literals, distances code) {
	for {
		symbol := s.symbol(literals)
		switch {
		case symbol < 256:
			s.emit(byte(symbol))
			continue
		case symbol == 256:
			return
		case symbol > 285:
			panic(errCorrupt)
		}
		length := 258 // of the last symbol, an exception to the rule
		if symbol < 285 {
			length = s.between(symbol-257, 3, 4)
		}
		symbol = s.symbol(distances)
		if symbol > 29 {
			panic(errCorrupt)
		}
		s.match(length, s.between(symbol, 1, 2))
	}
}

// between reads the rest of a length or distance. Its i-th range holds one value
// while i is below 2 × step, and then twice as many with every step; the first
// begins at least.
func (s *slowInflater) between(i, least, step int) int {
	extra := func(i int) int { return max(0, i/step-1) }
	for before := range i {
		least += 1 << extra(before)
	}
	return least + s.bits(extra(i))
}

func (s *slowInflater) match(length, distance int) {
	if distance > s.window || distance > len(s.plain) {
		panic(errCorrupt)
	}
	if s.max >= 0 && len(s.plain)-s.start+length > s.max {
		panic(errTooBig)
	}
	for range length {
		s.emit(s.plain[len(s.plain)-distance])
	}
}

// flateInflate inflates a message with compress/flate, which knows nothing of
// windows, limits and where a payload has to end. history is the plaintext before
// it.
func flateInflate(payload, history []byte) (message []byte, err error) {
	if len(payload) == 0 {
		return nil, nil
	}
	const lastBlock = "\x01\x00\x00\xff\xff" // flate asks for one
	in := bytes.NewReader(slices.Concat(payload, []byte(syncTail+lastBlock)))
	plain := bytes.Clone(history)
	for {
		more, err := io.ReadAll(flate.NewReaderDict(in, plain[max(0, len(plain)-1<<15):]))
		plain = append(plain, more...)
		if err != nil {
			return nil, err
		}
		switch in.Len() { // what may be left where a stream ends for good
		case 0, len(lastBlock), len(syncTail + lastBlock):
			return plain[len(history):], nil
		}
	}
}
