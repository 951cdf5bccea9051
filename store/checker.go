package store

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// checker reads JSON (RFC 8259) for its syntax alone. It allocates nothing unless it fails: the kinds of
// the containers it is in are one bit each. That src is UTF-8 is checked elsewhere.
type checker struct {
	src   []byte
	i     int // next byte
	blank int // bytes of white space between and around tokens so far

	depth int
	kinds [MaxDepth / 64]uint64 // bit d set: the container at depth d+1 is an object
}

// message reads one object that takes all of src.
func (c *checker) message() error {
	c.space()
	if c.peek() != '{' {
		return c.fault("no object")
	}
	if err := c.value(); err != nil {
		return err
	}
	c.space()
	if c.i < len(c.src) {
		return c.fault("bytes after the object")
	}
	return nil
}

// value reads one value with everything in it.
func (c *checker) value() error {
	for {
		inside, err := c.begin()
		if err != nil {
			return err
		}
		if inside {
			continue
		}
		more, err := c.end()
		if err != nil || !more {
			return err
		}
	}
}

// begin reads a scalar, an empty container, or the start of a container up to its first value, which
// must be read next: then inside is true.
func (c *checker) begin() (inside bool, err error) {
	c.space()
	switch b := c.peek(); b {
	case '{', '[':
		return c.open(b)
	case '"':
		return false, c.str()
	case 't':
		return false, c.word("true")
	case 'f':
		return false, c.word("false")
	case 'n':
		return false, c.word("null")
	}
	return false, c.number()
}

// open reads the bracket b. Inside an object it reads the first key too.
func (c *checker) open(b byte) (inside bool, err error) {
	if c.depth == MaxDepth {
		return false, fmt.Errorf("%w: more than %d levels", ErrTooDeep, MaxDepth)
	}
	word, bit := &c.kinds[c.depth/64], uint64(1)<<(c.depth%64)
	*word &^= bit
	if b == '{' {
		*word |= bit
	}
	c.depth++
	c.i++
	c.space()
	switch {
	case c.peek() == b+2: // '}' is '{'+2 and ']' is '['+2
		c.i++
		c.depth--
		return false, nil
	case b == '{':
		return true, c.key()
	}
	return true, nil
}

// end reads what follows a value: the ends of all containers that end here, and a comma, with the next
// key in an object, if another value follows.
func (c *checker) end() (more bool, err error) {
	for c.depth > 0 {
		c.space()
		closing := byte(']')
		if c.inObject() {
			closing = '}'
		}
		switch c.peek() {
		case closing:
			c.i++
			c.depth--
		case ',':
			c.i++
			if closing == '}' {
				return true, c.key()
			}
			return true, nil
		default:
			return false, c.fault("neither comma nor closing bracket")
		}
	}
	return false, nil
}

func (c *checker) inObject() bool {
	d := c.depth - 1
	return c.kinds[d/64]>>(d%64)&1 == 1
}

// key reads a key and its colon.
func (c *checker) key() error {
	c.space()
	if c.peek() != '"' {
		return c.fault("no key")
	}
	if err := c.str(); err != nil {
		return err
	}
	c.space()
	if c.peek() != ':' {
		return c.fault("no colon")
	}
	c.i++
	return nil
}

// str reads a string from its opening quote.
func (c *checker) str() error {
	c.i++
	for {
		c.i += plain(c.src[c.i:])
		switch b := c.peek(); {
		case b == '"':
			c.i++
			return nil
		case b == '\\':
			n := escapeLen(c.src[c.i:])
			if n == 0 {
				return c.fault("no such escape")
			}
			c.i += n
		default:
			return c.fault("string with a control character or no end")
		}
	}
}

// plain returns how many bytes at the front of p are neither quote, backslash nor control character.
// It takes eight at a time: a byte is below n if subtracting n borrows, and zero is what XOR leaves of
// the byte looked for. A borrow can only spoil bytes behind the first hit.
func plain(p []byte) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	n := 0
	for ; len(p)-n >= 8; n += 8 {
		x := binary.LittleEndian.Uint64(p[n:])
		quote, slash := x^ones*'"', x^ones*'\\'
		hit := (x-ones*0x20)&^x | (quote-ones)&^quote | (slash-ones)&^slash
		if hit &= tops; hit != 0 {
			return n + bits.TrailingZeros64(hit)/8
		}
	}
	for n < len(p) && p[n] >= 0x20 && p[n] != '"' && p[n] != '\\' {
		n++
	}
	return n
}

// escapeLen returns how long the escape at the front of p is, 0 if there is none such.
func escapeLen(p []byte) int {
	if len(p) < 2 {
		return 0
	}
	switch p[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
	default:
		return 0
	}
	if len(p) < 6 {
		return 0
	}
	for _, b := range p[2:6] {
		if !isDigit(b) && (b|0x20 < 'a' || b|0x20 > 'f') {
			return 0
		}
	}
	return 6
}

func (c *checker) word(w string) error {
	if len(c.src)-c.i < len(w) || string(c.src[c.i:c.i+len(w)]) != w {
		return c.fault("no value")
	}
	c.i += len(w)
	return nil
}

// number reads -? (0 | [1-9][0-9]*) ('.' [0-9]+)? ([eE] [+-]? [0-9]+)? (RFC 8259 §6).
func (c *checker) number() error {
	start := c.i
	c.skip('-')
	if !c.skip('0') && c.digits() == 0 {
		return c.fault("no value")
	}
	if c.skip('.') && c.digits() == 0 {
		return c.fault("no digits after the point")
	}
	if c.skip('e') || c.skip('E') {
		if !c.skip('+') {
			c.skip('-')
		}
		if c.digits() == 0 {
			return c.fault("no digits in the exponent")
		}
	}
	if n := c.i - start; n > MaxNumber {
		return fmt.Errorf("%w: number of %d bytes, limit %d", ErrTooLarge, n, MaxNumber)
	}
	return nil
}

func (c *checker) digits() int {
	start := c.i
	for isDigit(c.peek()) {
		c.i++
	}
	return c.i - start
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

// skip takes b if it is next.
func (c *checker) skip(b byte) bool {
	if c.peek() != b {
		return false
	}
	c.i++
	return true
}

// space skips white space and counts it.
func (c *checker) space() {
	start := c.i
	for c.i < len(c.src) && isBlank(c.src[c.i]) {
		c.i++
	}
	c.blank += c.i - start
}

// peek returns the next byte, or 0, which JSON allows nowhere, at the end.
func (c *checker) peek() byte {
	if c.i < len(c.src) {
		return c.src[c.i]
	}
	return 0
}

func (c *checker) fault(what string) error {
	return fmt.Errorf("%w: byte %d: %s", ErrNotObject, c.i, what)
}
