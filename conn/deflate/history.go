package deflate

// history is the end of one direction's plaintext: what later distances can reach back into. It grows as
// plaintext passes, by doubling, and never past its limit.
type history struct {
	buf   []byte // oldest first
	limit int
}

// remember moves the history to the end of p.
func (h *history) remember(p []byte) {
	if over := len(p) - h.limit; over > 0 {
		p = p[over:]
	}
	keep := min(len(h.buf), h.limit-len(p))
	h.reserve(keep + len(p))
	copy(h.buf, h.buf[len(h.buf)-keep:])
	h.buf = append(h.buf[:keep], p...)
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

// forget lets the history and its memory go.
func (h *history) forget() { h.buf = nil }
