package frame

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
		return p.payload(b)
	}
	if p.have > 0 || p.err != nil {
		return p.resume(b)
	}
	h, n, err := ParseHeader(b)
	if err != nil {
		return p.stop(b, err)
	}
	return p.begin(b, h, n)
}

// Remaining returns how many payload bytes of the running frame are still to come; 0 between frames.
func (p *Parser) Remaining() int64 { return p.left }

// Pending reports whether the stream so far ends inside a frame, in its header or its payload: one
// that ends for good here was cut.
func (p *Parser) Pending() bool { return p.have > 0 || p.left > 0 }

// begin returns the first chunk of the frame whose header h ends n bytes into b.
func (p *Parser) begin(b []byte, h Header, n int) (Chunk, int, error) {
	end := len(b)
	if h.Length <= int64(end-n) {
		end = n + int(h.Length)
	}
	c := Chunk{Header: h, Payload: b[n:end:end], Key: h.Key, First: true, Last: true}
	if p.left = h.Length - int64(end-n); p.left > 0 {
		c.Last = false
		p.header, p.key = h, rotate(h.Key, end-n)
	}
	return c, end, nil
}

// payload returns the next chunk of the running frame.
func (p *Parser) payload(b []byte) (Chunk, int, error) {
	if len(b) == 0 {
		return Chunk{}, 0, ErrShort
	}
	n := int(min(int64(len(b)), p.left))
	c := Chunk{Header: p.header, Payload: b[:n:n], Key: p.key}
	p.left -= int64(n)
	p.key = rotate(p.key, n)
	c.Last = p.left == 0
	return c, n, nil
}

// resume goes on with a header that began in an earlier call.
func (p *Parser) resume(b []byte) (Chunk, int, error) {
	if p.err != nil {
		return Chunk{}, 0, p.err
	}
	var buf [MaxHeader]byte
	have := copy(buf[:], p.partial[:p.have])
	full := have + copy(buf[have:], b)
	h, n, err := ParseHeader(buf[:full])
	if err != nil {
		return p.stop(b, err)
	}
	p.have = 0
	return p.begin(b, h, n-have)
}

// stop ends a call in which b gave no whole header: it keeps b's bytes, if more of them may help.
// ErrShort means that all of b belongs to the header, and that the header lacks a byte or more.
func (p *Parser) stop(b []byte, err error) (Chunk, int, error) {
	if err != ErrShort { // our own sentinel, fresh from ParseHeader: never wrapped
		p.err = err
		return Chunk{}, 0, err
	}
	p.have += uint8(copy(p.partial[p.have:], b))
	return Chunk{}, len(b), ErrShort
}
