package drive

import "net"

// BelowTLS is the connection below a *tls.Conn that an engine may come to drive: TLS
// keeps hold of what it was given, so it is here that another stream is put in place
// of the connection.
type BelowTLS struct {
	net.Conn
	Received []byte // to be read first
	Driven   Stream // nil before; set once, while nobody reads or writes
}

// Stream is what an engine puts below TLS. Its Read gives bytes, an error that TLS
// takes up again after, or how the connection is lost; its Write never waits or fails.
type Stream interface {
	Read(p []byte) (int, error)
	Write(p []byte) (int, error)
}

// Read implements net.Conn.
func (b *BelowTLS) Read(p []byte) (int, error) {
	if len(b.Received) > 0 {
		n := copy(p, b.Received)
		b.Received = b.Received[n:]
		return n, nil
	}
	if b.Driven != nil {
		return b.Driven.Read(p)
	}
	return b.Conn.Read(p)
}

// Write implements net.Conn.
func (b *BelowTLS) Write(p []byte) (int, error) {
	if b.Driven != nil {
		return b.Driven.Write(p)
	}
	return b.Conn.Write(p)
}

// CloseWrite ends our direction, where that is possible apart from the other.
func (b *BelowTLS) CloseWrite() error {
	if half, ok := b.Conn.(interface{ CloseWrite() error }); ok && b.Driven == nil {
		return half.CloseWrite()
	}
	return nil
}
