package conn

import (
	"reflect"
	"time"
	"unsafe"
)

// QueueMemory returns how many bytes c's queue has taken for what waits in it.
func (c *Conn) QueueMemory() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := cap(c.queue.entries) * int(unsafe.Sizeof(entry{}))
	if c.queue.mem != nil {
		n += cap(c.queue.mem.B)
	}
	return n
}

// Scratch returns how many bytes c holds to read into, while it waits for some.
func (c *Conn) Scratch() int {
	if c.scratch == nil {
		return 0
	}
	return cap(c.scratch.B)
}

// NothingIsNothing reports whether what connections share that have nothing is
// still empty.
func NothingIsNothing() bool { return reflect.ValueOf(&nothing).Elem().IsZero() }

// The sizes of what each connection has: driven in turns the first, with goroutines
// both.
const (
	SizeInTurns    = unsafe.Sizeof(Conn{})
	SizeOfBlocking = unsafe.Sizeof(blocking{})
)

// RestAfter sets how long goroutines wait in Serve: a power of two.
func RestAfter(d time.Duration) { restAfter = d }

// Resting reports whether c's goroutine has made way for one that rests.
func (c *Conn) Resting() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.resting
}

// TickLate does what a timer of c's does that has fired before it was stopped.
func (c *Conn) TickLate() { c.tick() }
