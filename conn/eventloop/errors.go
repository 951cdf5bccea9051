package eventloop

import (
	"errors"
	"fmt"
	"net"
)

// ErrClosed is net.ErrClosed: what Attach returns on an Engine that was closed Is
// ErrClosed.
var ErrClosed = net.ErrClosed

// ErrListener is returned by Accept for a listener that is for goroutines.
var ErrListener = errors.New("eventloop: no listener whose connections event loops can accept")

var errStopped = fmt.Errorf("eventloop: the engine was closed: %w", ErrClosed)
