package deflate_test

import (
	"errors"
	"fmt"
)

// strictInflater is a slow inflater that follows RFC 1951 to the letter, written apart from the package's
// own: it reads bit by bit, and checks what other inflaters let pass. It takes one payload after another
// and keeps all plaintext.
type strictInflater struct {
	window   int // largest distance allowed
	plain    []byte
	farthest int          // largest distance seen
	forms    map[byte]int // blocks seen by type

	in  []byte
	pos int // in bits
}

var errStrict = errors.New("strict")

// inflate takes a payload without its tail and returns its plaintext.
func (s *strictInflater) inflate(payload []byte) (plain []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", errStrict, r)
		}
	}()
	s.in, s.pos = append(payload[:len(payload):len(payload)], tail...), 0
	start := len(s.plain)
	for s.pos < 8*len(s.in) {
		s.block()
	}
	return s.plain[start:], nil
}

func (s *strictInflater) bits(n int) int {
	v := 0
	for i := range n {
		if s.pos >= 8*len(s.in) {
			panic("ends inside a block")
		}
		v |= int(s.in[s.pos/8]>>(s.pos%8)&1) << i
		s.pos++
	}
	return v
}

func (s *strictInflater) block() {
	if s.bits(1) == 1 {
		panic("a last block")
	}
	form := s.bits(2)
	if s.forms == nil {
		s.forms = map[byte]int{}
	}
	s.forms[byte(form)]++
	switch form {
	case 0:
		for s.pos%8 != 0 {
			if s.bits(1) != 0 {
				panic("padding is not zero")
			}
		}
		n := s.bits(16)
		if n^0xffff != s.bits(16) {
			panic("bad stored length")
		}
		for range n {
			s.plain = append(s.plain, byte(s.bits(8)))
		}
	case 1:
		s.symbols(strictFixed.literals, strictFixed.distances)
	case 2:
		s.dynamic()
	default:
		panic("bad block type")
	}
}

// strictFixed are the codes of RFC 1951 §3.2.6.
var strictFixed = func() (fixed struct{ literals, distances strictCode }) {
	sizes := make([]int, 288+30)
	for i := range sizes {
		switch {
		case i < 144:
			sizes[i] = 8
		case i < 256:
			sizes[i] = 9
		case i < 280:
			sizes[i] = 7
		case i < 288:
			sizes[i] = 8
		default:
			sizes[i] = 5
		}
	}
	fixed.literals = newStrictCode(sizes[:288], 0)
	fixed.distances = newStrictCode(sizes[288:], 2)
	return fixed
}()

func (s *strictInflater) dynamic() {
	literals, distances, meta := s.bits(5)+257, s.bits(5)+1, s.bits(4)+4
	if literals > 286 || distances > 30 {
		panic("too many codes")
	}
	metaSizes := make([]int, 19)
	for _, symbol := range []int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}[:meta] {
		metaSizes[symbol] = s.bits(3)
	}
	code := newStrictCode(metaSizes, 0)
	var sizes []int
	for len(sizes) < literals+distances {
		switch symbol := s.symbol(code); symbol {
		case 16:
			for range s.bits(2) + 3 {
				sizes = append(sizes, sizes[len(sizes)-1])
			}
		case 17:
			sizes = append(sizes, make([]int, s.bits(3)+3)...)
		case 18:
			sizes = append(sizes, make([]int, s.bits(7)+11)...)
		default:
			sizes = append(sizes, symbol)
		}
	}
	if len(sizes) > literals+distances {
		panic("too many lengths")
	}
	s.symbols(newStrictCode(sizes[:literals], 0), newStrictCode(sizes[literals:], 0))
}

func (s *strictInflater) symbols(literals, distances strictCode) {
	for {
		symbol := s.symbol(literals)
		if symbol < 256 {
			s.plain = append(s.plain, byte(symbol))
			continue
		}
		if symbol == 256 {
			return
		}
		length := 258
		if symbol < 285 {
			extra := max(0, (symbol-261)/4)
			length = s.bits(extra) + 3
			for c := 257; c < symbol; c++ {
				length += 1 << max(0, (c-261)/4)
			}
			if length == 258 {
				panic("258 as a shorter code with extra bits")
			}
		}
		code, distance := s.symbol(distances), 1
		for c := range code {
			distance += 1 << max(0, c/2-1)
		}
		distance += s.bits(max(0, code/2-1))
		s.farthest = max(s.farthest, distance)
		if distance > s.window || distance > len(s.plain) {
			panic(fmt.Sprintf("distance %d of %d", distance, s.window))
		}
		for range length {
			s.plain = append(s.plain, s.plain[len(s.plain)-distance])
		}
	}
}

// strictCode maps a code, its length in front, to its symbol.
type strictCode map[[2]int]int

// newStrictCode makes a code of its lengths. It must be complete, but for missing codes of the longest
// length, which only the fixed code for distances has.
func newStrictCode(sizes []int, missing int) strictCode {
	c, next := strictCode{}, 0
	for size := 1; size <= 15; size++ {
		for symbol, s := range sizes {
			if s == size {
				c[[2]int{size, next}] = symbol
				next++
			}
		}
		next <<= 1
	}
	if next>>1 != 1<<15-missing<<10 {
		panic("not a complete code")
	}
	return c
}

func (s *strictInflater) symbol(c strictCode) int {
	code := 0
	for size := 1; size <= 15; size++ {
		code = code<<1 | s.bits(1)
		if symbol, ok := c[[2]int{size, code}]; ok {
			return symbol
		}
	}
	panic("no such code")
}
