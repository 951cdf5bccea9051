package app

import (
	"context"
	"net"

	"github.com/godwit-ws/godwit/conn"
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

// AddLink adds a link by c, as connecting to a target does.
func (n *Node) AddLink(c *conn.Conn) bool {
	n.pool.mu.Lock()
	e := n.pool.begin()
	n.pool.mu.Unlock()
	return e.add(newNodeLink(newNodeTarget(n, e, "peer", "peer:1", 1), c))
}
