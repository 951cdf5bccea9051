//go:build darwin || freebsd || netbsd || openbsd || dragonfly

package eventloop

import (
	"context"
	"net"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/internal/drive"
)

// acceptor is for Linux.
type acceptor struct{}

func (*acceptor) batch(*loop) {}

// accept leaves accepting to others: no loop does it here.
func (*loops) accept(context.Context, net.Listener, *conn.Upgrader, func(*conn.Opening)) error {
	return drive.ErrTransport
}
