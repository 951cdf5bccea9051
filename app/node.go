package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/store"
)

// Node exchanges messages with other nodes over WebSocket: it stores what it
// receives until somebody takes it, in order, and sends to any number of others.
// On the wire it is compatible with the Python library WebSocketProtocolCore, in
// both directions.
//
//	n := app.NewNode(app.NodeConfig{})
//	if err := n.Start(8765); err != nil { … }
//	defer n.Stop(ctx)
//	err := n.Send(ctx, "192.168.1.20", 8765, "聊天", "文本", "你好")
//	m, err := n.WaitMessage(ctx)
//
// # Receiving
//
// A message is one JSON object with a type (处理类型), a second one below it
// (次一级数据类型), a content (数据内容: any JSON) and a time (时间). It is
// acknowledged once the store has it as safely as the store's configuration asks,
// and not before; what is refused gets a reply that says why, and the connection
// stays. All messages that arrive in one read are stored with one commit. The
// peer's address in a stored message is always the socket's.
//
// Messages that come on a connection the node has opened itself, which are the
// other's broadcasts, are stored likewise but never answered: the Python server
// would take the answer for a message and answer that.
//
// # Sending
//
// There is one connection for each target, with any number of messages on their
// way. Acknowledgements carry no number, so they match in order, and a connection
// that owes one for AckTimeout is closed: the other messages on it fail with
// ErrNodeUnacknowledged. A target that can't be reached is tried again at once for
// the next message, then ever less often, up to once a second; a send that comes
// meanwhile waits.
//
// # Who may do what at once
//
// All methods may be called from any goroutine at any time. A node needn't be
// started to send, nor to be mounted in an HTTP server (ServeHTTP). It starts no
// goroutine before it is used, and after Stop it has none.
type Node struct {
	cfg     NodeConfig
	store   store.Store
	up      conn.Upgrader
	mounted http.Handler
	pool    nodePool

	life sync.Mutex // held by Start and Stop throughout

	mu  sync.Mutex
	run *nodeRun // nil after Stop
}

// NewNode makes a node, which begins to listen with Start.
func NewNode(cfg NodeConfig) *Node {
	cfg = cfg.withDefaults()
	n := &Node{cfg: cfg, store: cfg.Store, run: newNodeRun()}
	n.up.Config, n.up.Origins, n.up.Logger = cfg.conns(), cfg.Origins, cfg.Logger
	n.mounted = n.up.Handler(n.serve)
	n.pool.init(n)
	n.logOpened()
	return n
}

// logOpened tells the log of a file that was damaged.
func (n *Node) logOpened() {
	d, ok := n.store.(*store.Disk)
	if !ok {
		return
	}
	if r := d.Opened(); r.SetAside != "" {
		n.cfg.Logger.Warn("消息文件已损坏, 无法读取的部分已另存", "messages", r.Messages, "unreadable", r.Unreadable, "file", r.SetAside)
	}
}

// Start listens on a port of all addresses; 0 picks a free one. It returns at once:
// connections are served on goroutines of their own. After an error, such as that
// of a port that is taken, the node isn't running. A node that was stopped may be
// started again.
func (n *Node) Start(port int) error {
	if port < 0 || port > maxNodePort {
		return fmt.Errorf("app: start node: port %d is not in 0 to %d", port, maxNodePort)
	}
	return n.StartAddr(":" + strconv.Itoa(port))
}

// StartAddr is Start on a host:port.
func (n *Node) StartAddr(addr string) error {
	return n.start(func() (net.Listener, error) { return net.Listen("tcp", addr) })
}

// StartListener is Start on a listener, which the node closes as it stops: one with
// TLS, say. After an error it is still the caller's.
func (n *Node) StartListener(l net.Listener) error {
	return n.start(func() (net.Listener, error) { return l, nil })
}

func (n *Node) start(listen func() (net.Listener, error)) error {
	n.life.Lock()
	defer n.life.Unlock()
	if n.IsRunning() {
		return ErrNodeRunning
	}
	l, err := listen()
	if err != nil {
		return fmt.Errorf("app: start node: %w", err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.run == nil {
		n.run = newNodeRun()
	}
	r := n.run
	r.listener = l
	r.work.Go(func() { r.acceptAll(n) })
	return nil
}

// Stop ends what Start began, and every connection: those of others with code 1001,
// those to others with the same. Sends in progress fail. It waits until all of that
// has ended, which takes a few seconds where a peer doesn't answer; if ctx ends
// first it drops what is left and returns ctx's error. Messages stay in the store,
// unless ClearOnStop says otherwise; its error is returned then. Stopping again
// does nothing.
func (n *Node) Stop(ctx context.Context) error {
	n.life.Lock()
	defer n.life.Unlock()
	n.mu.Lock()
	r := n.run
	n.run = nil
	n.mu.Unlock()
	e := n.pool.close()
	if r != nil {
		r.close()
	}
	var errs []error
	if e != nil {
		errs = append(errs, e.wait(ctx))
	}
	if r == nil {
		return errors.Join(errs...)
	}
	errs = append(errs, r.wait(ctx))
	if n.cfg.ClearOnStop {
		errs = append(errs, n.clear())
	}
	return errors.Join(errs...)
}

// nodeWait waits for work to end, and returns ctx's error if that ends first.
func nodeWait(ctx context.Context, work *sync.WaitGroup) error {
	done := make(chan struct{})
	go func() { defer close(done); work.Wait() }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// clear removes the messages waiting.
func (n *Node) clear() error {
	for {
		d, err := n.store.TryNext()
		if errors.Is(err, store.ErrEmpty) {
			return nil
		}
		if err == nil {
			err = n.store.Ack(d)
		}
		if err != nil {
			return fmt.Errorf("app: clear messages: %w", err)
		}
	}
}

// IsRunning reports whether the node listens.
func (n *Node) IsRunning() bool { return n.Addr() != nil }

// Addr returns the address the node listens on, nil if it isn't running.
func (n *Node) Addr() net.Addr {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.run == nil || n.run.listener == nil {
		return nil
	}
	return n.run.listener.Addr()
}

// Store returns the store of the messages received: that of the NodeConfig, or the
// node's own.
func (n *Node) Store() store.Store { return n.store }

// ServeHTTP takes a connection of another node out of an HTTP server, whatever the
// path: mount the node where it shall be found. A node that was stopped answers 503
// until it is started again.
func (n *Node) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	stopped := n.run == nil
	n.mu.Unlock()
	if stopped {
		http.Error(w, "node stopped", http.StatusServiceUnavailable)
		return
	}
	n.mounted.ServeHTTP(w, r)
}

// noNodeProxy keeps environment variables meant for web traffic out of what goes to
// other nodes.
func noNodeProxy(*url.URL) (*url.URL, error) { return nil, nil }
