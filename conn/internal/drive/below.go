package drive

import (
	"net"

	"github.com/godwit-ws/godwit/conn/internal/sock"
)

// BelowTLS is the connection below a *tls.Conn that an engine may come to drive: TLS
// keeps hold of what it was given, so it is here that another stream is put in place
// of the connection.
type BelowTLS struct {
	net.Conn
	received []byte // to be read first
	stream   Stream
	driven   bool
}

// Stream is what TLS reads and writes. That of an engine gives bytes, an error that TLS
// takes up again after, or how the connection is lost; its Write never waits or fails.
type Stream interface {
	Read(p []byte) (int, error)
	Write(p []byte) (int, error)
}

// NewBelowTLS puts a BelowTLS on nc, of which received was read before. It is kept.
func NewBelowTLS(nc net.Conn, received []byte) *BelowTLS {
	return &BelowTLS{Conn: nc, received: received, stream: sock.Direct(nc)}
}

// Drive puts an engine's stream in place of the connection, for good. Nobody may be
// reading or writing.
func (b *BelowTLS) Drive(s Stream) { b.stream, b.driven = s, true }

// Read implements net.Conn.
func (b *BelowTLS) Read(p []byte) (int, error) {
	if len(b.received) > 0 {
		n := copy(p, b.received)
		b.received = b.received[n:]
		return n, nil
	}
	return b.stream.Read(p)
}

// Write implements net.Conn.
func (b *BelowTLS) Write(p []byte) (int, error) { return b.stream.Write(p) }

// CloseWrite ends our direction, where that is possible apart from the other.
func (b *BelowTLS) CloseWrite() error {
	if half, ok := b.Conn.(interface{ CloseWrite() error }); ok && !b.driven {
		return half.CloseWrite()
	}
	return nil
}
