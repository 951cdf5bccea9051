package app

import (
	"context"
	"errors"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/internal/backoff"
)

// nodeRun is what a node does for others from one start to the next stop.
type nodeRun struct {
	ctx      context.Context // ends as the node is stopped
	cancel   context.CancelFunc
	listener net.Listener   // nil if the node is only mounted
	work     sync.WaitGroup // all goroutines

	mu     sync.Mutex
	conns  map[*nodeInbound]struct{}
	closed bool
}

func newNodeRun() *nodeRun {
	r := &nodeRun{conns: make(map[*nodeInbound]struct{})}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	return r
}

// acceptAll accepts connections until the node is stopped. A failed accept, for want of
// file descriptors say, is tried again, ever less often.
func (r *nodeRun) acceptAll(n *Node) {
	var again backoff.Wait
	for {
		nc, err := r.listener.Accept()
		switch {
		case err == nil:
			again = backoff.Wait{}
			r.work.Go(func() { r.accept(n, nc) })
			continue
		case r.ctx.Err() != nil || errors.Is(err, net.ErrClosed):
			return
		}
		d, begins := again.Next()
		if begins {
			n.cfg.Logger.Error("接受连接失败", "addr", r.listener.Addr(), "error", err)
		}
		nodePause(r.ctx, d)
	}
}

// nodePause waits for d, or for the end of ctx if that comes first.
func nodePause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// accept serves one connection from its handshake to its end.
func (r *nodeRun) accept(n *Node, nc net.Conn) {
	c, err := n.up.Accept(r.ctx, nc)
	if err != nil {
		n.cfg.Logger.Debug("握手失败", "peer", nc.RemoteAddr(), "error", err)
		return
	}
	defer c.Abort() // of no effect after an end in order
	n.logHookFailure(c, r.drive(n, c))
}

// drive runs a connection's hooks until it has ended.
func (r *nodeRun) drive(n *Node, c *conn.Conn) error {
	in := newNodeInbound(n, c)
	if !r.add(in) {
		return c.Close(context.Background(), conn.CodeGoingAway, nodeGoodbye)
	}
	defer r.remove(in)
	return c.Run(in)
}

// serve is drive for a connection that came by an HTTP server.
func (n *Node) serve(c *conn.Conn) error {
	n.mu.Lock()
	r := n.run
	if r != nil {
		r.work.Add(1)
	}
	n.mu.Unlock()
	if r == nil {
		return &conn.CloseError{Code: conn.CodeGoingAway, Reason: nodeGoodbye}
	}
	defer r.work.Done()
	return r.drive(n, c)
}

// nodeGoodbye is the reason in the Close frames of a node that stops.
const nodeGoodbye = "node stopped"

func (r *nodeRun) add(in *nodeInbound) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return false
	}
	r.conns[in] = struct{}{}
	return true
}

func (r *nodeRun) remove(in *nodeInbound) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.conns, in)
}

// all returns the connections there are.
func (r *nodeRun) all() []*nodeInbound {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]*nodeInbound, 0, len(r.conns))
	for in := range r.conns {
		all = append(all, in)
	}
	return all
}

// close begins to end everything.
func (r *nodeRun) close() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.cancel()
	if r.listener != nil {
		r.listener.Close() // it has accepted all it will
	}
	for _, in := range r.all() {
		r.work.Go(func() { // a peer that takes nothing must not hold up the others
			in.c.Close(context.Background(), conn.CodeGoingAway, nodeGoodbye) // Run returns its error
		})
	}
}

// wait waits until everything has ended; it drops the connections that are left
// when ctx ends.
func (r *nodeRun) wait(ctx context.Context) error {
	err := nodeWait(ctx, &r.work)
	if err != nil {
		for _, in := range r.all() {
			in.c.Abort()
		}
	}
	return err
}

// NodePeer is a node that is connected to this one.
type NodePeer struct {
	IP    string
	Port  int // of its end of the connection: not the one it listens on
	Since time.Time
}

// ActiveConnections returns who is connected to this node at the moment, in order
// of their coming.
func (n *Node) ActiveConnections() []NodePeer {
	var peers []NodePeer
	for _, in := range n.inbound() {
		peers = append(peers, in.peer)
	}
	slices.SortStableFunc(peers, func(a, b NodePeer) int { return a.Since.Compare(b.Since) })
	return peers
}

// inbound returns the connections of others to this node.
func (n *Node) inbound() []*nodeInbound {
	n.mu.Lock()
	r := n.run
	n.mu.Unlock()
	if r == nil {
		return nil
	}
	return r.all()
}

// nodeAddress splits an address into what messages say of it. An IPv4 address that
// came over an IPv6 socket is written as what it is.
func nodeAddress(a net.Addr) (ip string, port int) {
	if tcp, ok := a.(*net.TCPAddr); ok {
		addr := tcp.AddrPort()
		return addr.Addr().Unmap().String(), int(addr.Port())
	}
	host, digits, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String(), 0
	}
	port, _ = strconv.Atoi(digits) // 0 for a port by name
	return host, port
}
