package eventloop

import (
	"crypto/tls"
	"net"
)

// NewTLSListener is tls.NewListener for connections that an Engine drives later:
// what it accepts are *tls.Conn, which Attach moves to a loop once their opening
// handshake is done. Until then they are like any other.
func NewTLSListener(l net.Listener, cfg *tls.Config) net.Listener {
	return &tlsListener{Listener: l, cfg: cfg}
}

type tlsListener struct {
	net.Listener
	cfg *tls.Config
}

// Accept implements net.Listener.
func (l *tlsListener) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return TLSServer(nc, l.cfg), nil
}

// TLSServer is tls.Server for a connection that an Engine drives later.
func TLSServer(nc net.Conn, cfg *tls.Config) *tls.Conn { return TLSServerAfter(nc, nil, cfg) }

// TLSServerAfter is TLSServer for a connection of which the first bytes of TLS were
// received already: with a PROXY header before them, say. received is kept.
func TLSServerAfter(nc net.Conn, received []byte, cfg *tls.Config) *tls.Conn {
	return tls.Server(&shim{Conn: nc, received: received}, cfg)
}

// shim is the connection below TLS. TLS keeps hold of it, so what it leads to is
// changed when a loop takes over.
type shim struct {
	net.Conn
	received []byte // to be read first
	driven   stream // nil before; set once, while nobody reads or writes
}

// stream is what a loop puts below TLS. Its Read gives bytes, errShort or how the
// connection is lost; its Write never waits or fails.
type stream interface {
	Read(p []byte) (int, error)
	Write(p []byte) (int, error)
}

// Read implements net.Conn.
func (s *shim) Read(p []byte) (int, error) {
	if len(s.received) > 0 {
		n := copy(p, s.received)
		s.received = s.received[n:]
		return n, nil
	}
	if s.driven != nil {
		return s.driven.Read(p)
	}
	return s.Conn.Read(p)
}

// Write implements net.Conn.
func (s *shim) Write(p []byte) (int, error) {
	if s.driven != nil {
		return s.driven.Write(p)
	}
	return s.Conn.Write(p)
}

// CloseWrite ends our direction, where that is possible apart from the other.
func (s *shim) CloseWrite() error {
	if half, ok := s.Conn.(interface{ CloseWrite() error }); ok && s.driven == nil {
		return half.CloseWrite()
	}
	return nil
}

// errShort tells TLS that there are no bytes yet. TLS takes up again where it
// stopped after an error that is temporary.
var errShort net.Error = shortError{}

type shortError struct{}

func (shortError) Error() string   { return "eventloop: no bytes yet" }
func (shortError) Timeout() bool   { return true }
func (shortError) Temporary() bool { return true }
