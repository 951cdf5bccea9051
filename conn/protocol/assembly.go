package protocol

import (
	"math/bits"

	"github.com/godwit-ws/godwit/conn/internal/bufpool"
)

// assembly collects the payload of a message that did not arrive in one piece.
// Its memory grows with what was received, not with what was announced. It is
// either lent by the pool or attached by the caller, and then grows by the
// garbage collector's memory, so that the result may be kept.
type assembly struct {
	b        []byte
	lent     *bufpool.Buffer // the pool's buffer behind b, if it is one
	attached bool
	grown    bool // b is attached and no longer the caller's array
}

// reserveFirst is how much may be reserved on a declared length alone.
const reserveFirst = 256 << 10

// grow makes room for at least need more bytes, and for up to announced more as
// far as the rule of reservation allows: no more than max(256 KiB, 4 × received)
// in all.
func (a *assembly) grow(announced int64, need int) {
	if cap(a.b)-len(a.b) >= need {
		return
	}
	received := len(a.b)
	size := max(int64(received)+announced, 2*int64(cap(a.b)))
	if allowed := max(reserveFirst, floorPower(4*received)); size > int64(allowed) {
		size = int64(allowed)
	}
	a.move(max(int(size), received+need))
}

// floorPower returns the largest power of two that is not above n: the pool
// rounds up to one, and must not round past what is allowed.
func floorPower(n int) int {
	if n == 0 {
		return 0
	}
	return 1 << (bits.Len(uint(n)) - 1)
}

// move takes the collected bytes to a new memory of the given size.
func (a *assembly) move(size int) {
	if a.attached {
		b := make([]byte, len(a.b), size)
		copy(b, a.b)
		a.b, a.grown = b, true
		return
	}
	lent := bufpool.Get(size)
	b := append(lent.B, a.b...)
	bufpool.Put(a.lent)
	a.b, a.lent = b, lent
}

// held is the memory of the assembly's own making.
func (a *assembly) held() int {
	if a.lent == nil && !a.grown {
		return 0
	}
	return cap(a.b)
}

// append copies p behind what was collected; announced is what is still to come
// of its frame, p included.
func (a *assembly) append(p []byte, announced int64) {
	a.grow(announced, len(p))
	a.b = append(a.b, p...)
}

// attach lets the message be collected in dst's array, from its start, and in
// memory grown from it, which becomes the caller's.
func (a *assembly) attach(dst []byte) {
	b := append(dst[:0], a.b...)
	bufpool.Put(a.lent)
	*a = assembly{b: b, attached: true}
}

// detach moves what was collected away from the caller's memory.
func (a *assembly) detach() {
	if !a.attached {
		return
	}
	collected := a.b
	*a = assembly{}
	if len(collected) > 0 {
		a.append(collected, int64(len(collected)))
	}
}

// reset gives the memory back, as what it has grown to.
func (a *assembly) reset() {
	if a.lent != nil {
		a.lent.B = a.b
		bufpool.Put(a.lent)
	}
	*a = assembly{}
}
