package frame

import "errors"

// Chunk is a piece of one frame, as much as one call of Next found.
type Chunk struct {
	Header  Header // the frame's; Header.Length counts the whole payload
	Payload []byte // the part of the payload found in b; aliases b; still masked
	Key     uint32 // the masking key, rotated to meet Payload[0]; 0 if not Masked
	First   bool   // the frame begins with this chunk
	Last    bool   // the payload ends with this chunk
}

// Parser cuts a stream of bytes into frames (RFC 6455 §5.2), the same however the stream was cut
// into reads: only the borders of chunks within a payload follow those of the reads. It knows the
// syntax of frames, none of a connection's rules. The zero value is ready. It holds at most a
// partial header and what it must know of the running frame, and never allocates.
type Parser struct {
	header  Header // of the running frame, while left > 0
	key     uint32 // rotated to the next payload byte
	have    uint8  // bytes in partial
	partial [MaxHeader - 1]byte
	left    int64 // payload bytes still to come
	err     error // what every further call returns
}

// Next reads the next chunk from b, and says how many bytes of b it used. Call it with the rest of
// b until it returns ErrShort, then with new bytes.
//
// A header that ends with no byte of its payload after it in b gives a First chunk with an empty
// Payload at once, so that its length may be judged before any payload comes; a frame without
// payload gives one chunk, First and Last. When b is used up and has given no chunk, n is len(b) and
// err is ErrShort; a partial header is kept inside. A header that breaks the protocol gives n 0 and
// ParseHeader's *CloseError, now and on each later call.
//
// The chunk's Payload aliases b and is valid as long as b is; it may be unmasked in place.
func (p *Parser) Next(b []byte) (c Chunk, n int, err error) {
	if p.left > 0 {
		n, err = p.payload(&c, b)
		return c, n, err
	}
	if p.have > 0 || p.err != nil {
		n, err = p.resume(&c, b)
		return c, n, err
	}
	n, err = c.Header.Parse(b)
	if err != nil {
		n, err = p.stop(b, err)
		return c, n, err
	}
	n = p.begin(&c, b, n)
	return c, n, nil
}

// Remaining returns how many payload bytes of the running frame are still to come; 0 between frames.
func (p *Parser) Remaining() int64 { return p.left }

// Pending reports whether the stream so far ends inside a frame, in its header or its payload: one
// that ends for good here was cut.
func (p *Parser) Pending() bool { return p.have > 0 || p.left > 0 }

// begin completes the first chunk of a frame, whose header ends n bytes into b, and returns how many
// bytes of b it and its payload use.
func (p *Parser) begin(c *Chunk, b []byte, n int) int {
	end := len(b)
	if c.Header.Length <= int64(end-n) {
		end = n + int(c.Header.Length)
	}
	c.Payload, c.Key, c.First = b[n:end:end], c.Header.Key, true
	p.left = c.Header.Length - int64(end-n)
	if p.left > 0 {
		p.header, p.key = c.Header, rotate(c.Key, end-n)
	}
	c.Last = p.left == 0
	return end
}

// payload fills in the next chunk of the running frame.
func (p *Parser) payload(c *Chunk, b []byte) (int, error) {
	if len(b) == 0 {
		return 0, ErrShort
	}
	n := int(min(int64(len(b)), p.left))
	c.Header, c.Payload, c.Key = p.header, b[:n:n], p.key
	p.left -= int64(n)
	p.key = rotate(p.key, n)
	c.Last = p.left == 0
	return n, nil
}

// resume goes on with a header that began in an earlier call.
func (p *Parser) resume(c *Chunk, b []byte) (n int, err error) {
	if p.err != nil {
		return 0, p.err
	}
	var buf [MaxHeader]byte
	have := copy(buf[:], p.partial[:p.have])
	full := have + copy(buf[have:], b)
	n, err = c.Header.Parse(buf[:full])
	if err != nil {
		return p.stop(b, err)
	}
	p.have = 0
	return p.begin(c, b, n-have), nil
}

// stop ends a call in which b gave no whole header: it keeps b's bytes, if more of them may help.
// ErrShort means that all of b belongs to the header, and that the header lacks a byte or more.
func (p *Parser) stop(b []byte, err error) (int, error) {
	if !errors.Is(err, ErrShort) {
		p.err, p.have = err, 0
		return 0, err
	}
	p.have += uint8(copy(p.partial[p.have:], b))
	return len(b), ErrShort
}
