package app

import (
	"net/netip"
	"unsafe"
)

// Size returns how many topics a broker knows, and how many bytes its histories count
// for.
func (b *MemoryBroker) Size() (topics int, bytes int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.byName), b.bytes.Load()
}

// Taken returns how many places of a server are taken: seats, which MaxConns counts, and
// in the gate, which Shutdown waits for.
func (s *Server) Taken() (seats, inside int) {
	s.gate.mu.Lock()
	defer s.gate.mu.Unlock()
	return int(s.seats.Load()), s.gate.inside
}

// FreeSeats returns how many connections a client might make more, limit at most.
func (s *Server) FreeSeats(client netip.Addr, limit int) (n int) {
	for n < limit && s.perIP.Acquire(client) {
		n++
	}
	for range n {
		s.perIP.Release(client)
	}
	return n
}

// Queued returns how many messages wait behind a write in progress.
func (c *Conn) Queued() int {
	messages, _ := c.ws.Queued()
	return messages
}

// SizeOfConn is what a connection takes beside that of package conn, in bytes.
const SizeOfConn = unsafe.Sizeof(Conn{})
