package eventloop

import (
	"errors"
	"fmt"
	"net"
)

// ErrClosed is net.ErrClosed: what Attach returns on an Engine that was closed Is
// ErrClosed.
var ErrClosed = net.ErrClosed

var errStopped = fmt.Errorf("eventloop: the engine was closed: %w", ErrClosed)

// errTransport says that no loop can drive a connection: it isn't a socket's, or
// has TLS in it that knows nothing of loops.
var errTransport = errors.New("eventloop: not a connection that a loop can drive")
