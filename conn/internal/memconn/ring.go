package memconn

import "sync"

// BufferSize is how many bytes one direction of a pair holds before its writers block.
const BufferSize = 64 << 10

// smallSize is the size of a direction's first buffer; most messages fit.
const smallSize = 4 << 10

// Buffers without an owner. Pooled as array pointers, which fit an interface without allocating.
var (
	smallBuffers = sync.Pool{New: func() any { return new([smallSize]byte) }}
	largeBuffers = sync.Pool{New: func() any { return new([BufferSize]byte) }}
)

// ring is a FIFO of up to BufferSize bytes. It owns a buffer only while it holds bytes. The zero
// value is an empty ring.
//
//	buf: [ … tail | free | head … ]   or   [ free | head … tail | free ]
type ring struct {
	buf  []byte // nil, smallSize or BufferSize long
	head int    // index of the oldest byte
	n    int    // bytes held, from head on, past the end of buf at its front
}

func (r *ring) len() int { return r.n }

// write appends as much of p as there is room for and returns how much that was.
func (r *ring) write(p []byte) int {
	p = p[:min(len(p), BufferSize-r.n)]
	if len(p) == 0 {
		return 0
	}
	r.reserve(r.n + len(p))
	tail := r.head + r.n
	if tail >= len(r.buf) {
		tail -= len(r.buf)
	}
	k := copy(r.buf[tail:], p)
	copy(r.buf, p[k:])
	r.n += len(p)
	return len(p)
}

// read moves up to len(p) of the oldest bytes to p and returns their number.
func (r *ring) read(p []byte) int {
	n := r.peek(p)
	r.head += n
	if r.head >= len(r.buf) {
		r.head -= len(r.buf)
	}
	r.n -= n
	if r.n == 0 {
		r.drop()
	}
	return n
}

// peek copies up to len(p) of the oldest bytes to p and returns their number.
func (r *ring) peek(p []byte) int {
	p = p[:min(len(p), r.n)]
	k := copy(p, r.buf[r.head:])
	copy(p[k:], r.buf)
	return len(p)
}

// reserve makes the buffer hold at least size bytes, 1 to BufferSize.
func (r *ring) reserve(size int) {
	if size <= len(r.buf) {
		return
	}
	var grown []byte
	if size <= smallSize {
		grown = smallBuffers.Get().(*[smallSize]byte)[:]
	} else {
		grown = largeBuffers.Get().(*[BufferSize]byte)[:]
	}
	n := r.peek(grown)
	r.drop()
	r.buf, r.n = grown, n
}

// drop empties the ring and gives its buffer back.
func (r *ring) drop() {
	switch len(r.buf) {
	case smallSize:
		smallBuffers.Put((*[smallSize]byte)(r.buf))
	case BufferSize:
		largeBuffers.Put((*[BufferSize]byte)(r.buf))
	}
	*r = ring{}
}
