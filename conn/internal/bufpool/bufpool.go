// Package bufpool lends byte buffers by size class.
//
// A connection holds memory only while it has a partial message or unsent
// output. What it needs then comes from here and goes back at once, so that the
// memory of a process follows the traffic and not the number of connections.
// Buffers past the largest class are left to the garbage collector: one huge
// message must not pin memory.
//
// All functions may be called from any goroutine.
package bufpool

import (
	"math/bits"
	"sync"
)

// Buffer is a lent buffer. B may be resliced and appended to freely: Put files
// the buffer by the capacity it comes back with.
type Buffer struct{ B []byte }

const (
	minShift = 9  // 512 B
	maxShift = 22 // 4 MiB; each class is twice the one before
	classes  = maxShift - minShift + 1
)

var pools [classes]sync.Pool

// Get lends a buffer of length 0 and capacity of at least n bytes.
func Get(n int) *Buffer {
	class := classFor(n)
	if class == classes {
		return &Buffer{B: make([]byte, 0, n)}
	}
	if b, ok := pools[class].Get().(*Buffer); ok {
		return b
	}
	return &Buffer{B: make([]byte, 0, sizeOf(class))}
}

// Put takes a buffer back. Nobody may use it or its bytes afterwards. A nil
// buffer is ignored.
func Put(b *Buffer) {
	if b == nil || cap(b.B) < 1<<minShift || cap(b.B) > 1<<maxShift {
		return
	}
	class := classFor(cap(b.B))
	if sizeOf(class) > cap(b.B) {
		class-- // grown by append to a size between two classes
	}
	b.B = b.B[:0]
	pools[class].Put(b)
}

// Grow makes room for n more bytes in b, in other memory of the pool if need be.
func (b *Buffer) Grow(n int) {
	if cap(b.B)-len(b.B) >= n {
		return
	}
	larger := Get(max(len(b.B)+n, 2*cap(b.B)))
	larger.B = append(larger.B, b.B...)
	b.B, larger.B = larger.B, b.B
	Put(larger)
}

// classFor returns the smallest class that holds n bytes, or classes if none does.
func classFor(n int) int {
	if n <= 1<<minShift {
		return 0
	}
	return min(bits.Len(uint(n-1))-minShift, classes)
}

func sizeOf(class int) int { return 1 << (minShift + class) }
