package eventloop

import (
	"fmt"
	"net"
)

// ErrClosed is net.ErrClosed: what Attach returns on an Engine that was closed Is
// ErrClosed.
var ErrClosed = net.ErrClosed

var errStopped = fmt.Errorf("eventloop: the engine was closed: %w", ErrClosed)
