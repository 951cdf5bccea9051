package eventloop

import (
	"errors"
	"net"
)

// ErrClosed is net.ErrClosed: what Attach returns on an Engine that was closed Is
// ErrClosed.
var ErrClosed = net.ErrClosed

// errTransport says that no loop can drive a connection: it isn't a socket's, or
// has TLS in it that knows nothing of loops.
var errTransport = errors.New("eventloop: not a connection that a loop can drive")
