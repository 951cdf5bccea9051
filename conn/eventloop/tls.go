package eventloop

import (
	"crypto/tls"
	"net"

	"github.com/godwit-ws/godwit/conn/internal/drive"
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
	return tls.Server(drive.NewBelowTLS(nc, received), cfg)
}

// errShort tells TLS that there are no bytes yet. TLS takes up again where it
// stopped after an error that is temporary.
var errShort net.Error = shortError{}

type shortError struct{}

func (shortError) Error() string   { return "eventloop: no bytes yet" }
func (shortError) Timeout() bool   { return true }
func (shortError) Temporary() bool { return true }
