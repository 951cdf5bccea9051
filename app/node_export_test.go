package app

import (
	"context"
	"net"
)

// What tests of the node look at from inside.
var (
	LocalIPTowards = localIPTowards
	FirstIP        = firstIP
)

// SetDial replaces what opens the connections below those to other nodes.
func (n *Node) SetDial(dial func(ctx context.Context, network, addr string) (net.Conn, error)) {
	n.pool.dialer.NetDial = dial
}

// Dial returns what SetDial has set.
func (n *Node) Dial() func(ctx context.Context, network, addr string) (net.Conn, error) {
	return n.pool.dialer.NetDial
}
