package app

import "unsafe"

// Size returns how many topics a broker knows, and how many bytes its histories count
// for.
func (b *MemoryBroker) Size() (topics int, bytes int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.byName), b.bytes.Load()
}

// SizeOfConn is what a connection takes beside that of package conn, in bytes.
const SizeOfConn = unsafe.Sizeof(Conn{})
