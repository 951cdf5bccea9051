package deflate

// history is the end of one direction's plaintext: what later distances can reach back into. It grows as
// plaintext passes, by doubling, up to its limit, and is a ring from then on, so that a short message
// after a long history costs no move of the latter.
type history struct {
	buf   []byte
	next  int // where the oldest byte is, which the next one replaces; 0 until buf is full
	limit int
}

// remember adds p as the newest plaintext.
func (h *history) remember(p []byte) {
	if over := len(p) - h.limit; over > 0 {
		p = p[over:]
	}
	fits := min(len(p), h.limit-len(h.buf))
	h.reserve(len(h.buf) + fits)
	h.buf = append(h.buf, p[:fits]...)
	for p = p[fits:]; len(p) > 0; {
		n := copy(h.buf[h.next:], p)
		p = p[n:]
		h.next = (h.next + n) % len(h.buf)
	}
}

// reserve makes room for n bytes in all, keeping what is there.
func (h *history) reserve(n int) {
	if n <= cap(h.buf) {
		return
	}
	bigger := make([]byte, len(h.buf), min(max(n, 2*cap(h.buf), 256), h.limit))
	copy(bigger, h.buf)
	h.buf = bigger
}

// plain returns the history in two pieces. They are valid until the next call of remember or forget.
func (h *history) plain() past { return past{h.buf[h.next:], h.buf[:h.next]} }

// forget lets the history and its memory go.
func (h *history) forget() { h.buf, h.next = nil, 0 }

// past is plaintext in two pieces, either of which may be empty.
type past struct {
	older, newer []byte
}

func (p past) len() int { return len(p.older) + len(p.newer) }

// copyFrom copies what stands back bytes before the end of p, at most len(p), to dst, and returns how
// many bytes that were.
func (p past) copyFrom(dst []byte, back int) int {
	n := 0
	if inOlder := back - len(p.newer); inOlder > 0 {
		n = copy(dst, p.older[len(p.older)-inOlder:])
		back = len(p.newer)
	}
	return n + copy(dst[n:], p.newer[len(p.newer)-back:])
}
