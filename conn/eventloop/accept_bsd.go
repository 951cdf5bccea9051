//go:build darwin || freebsd || netbsd || openbsd || dragonfly

package eventloop

import (
	"context"
	"net"
)

// acceptor is for Linux.
type acceptor struct{}

func (*acceptor) batch(*loop) {}

// accept leaves accepting to others: no loop does it here.
func (*loops) accept(_, _ context.Context, _ net.Listener, _ *Reception) error {
	return ErrListener
}
