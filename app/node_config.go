package app

import (
	"log/slog"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/handshake"
	"github.com/godwit-ws/godwit/store"
)

// NodeConfig sets up a Node. The zero value is ready to use: it keeps messages in
// memory. In every field but Store, Origins and Logger 0 means the default and a
// negative value means off or unlimited.
type NodeConfig struct {
	// Store keeps the messages received. Nil means a store.Memory of the node's own.
	// Another one is its opener's, who closes it after the node has stopped.
	Store store.Store
	// ClearOnStop removes the messages waiting in Store when the node is stopped, as
	// the Python library does.
	ClearOnStop bool

	// MaxMessageSize is the longest message taken or sent, in bytes. 0 means 2 MiB. A
	// longer one that comes ends its connection with code 1009.
	MaxMessageSize int64
	// PingInterval is the time between keepalive pings. 0 means 30 s.
	PingInterval time.Duration
	// PongTimeout is how long nothing may come after a ping before the connection is
	// dropped. 0 means 60 s.
	PongTimeout time.Duration

	// AckTimeout is how long a send may take until it is acknowledged, connecting
	// included. 0 means 10 s. A connection on which a message has waited so long for
	// its acknowledgement is closed. It also bounds how long a received message waits
	// for a full Store that lets it wait.
	AckTimeout time.Duration
	// IdleTimeout is how long a connection to another node is kept unused. 0 means 1
	// min.
	IdleTimeout time.Duration
	// MaxTargets is how many nodes are sent to at a time. 0 means 1024. For one more,
	// that which was unused for longest is forgotten; if none is unused, the send
	// fails.
	MaxTargets int
	// BroadcastTimeout is how long Broadcast waits for slow peers. 0 means 1 s.
	BroadcastTimeout time.Duration

	// Origins says which web pages may connect. The zero value takes those of the same
	// origin, and programs that are no browsers.
	Origins handshake.Origins
	// Logger is told of messages refused, of a store that fails, and of what else
	// nobody is told. Nil means slog.Default.
	Logger *slog.Logger
}

// The defaults of NodeConfig.
const (
	defaultNodeMessageSize      = 2 << 20
	defaultNodePingInterval     = 30 * time.Second
	defaultNodePongTimeout      = time.Minute
	defaultNodeAckTimeout       = 10 * time.Second
	defaultNodeIdleTimeout      = time.Minute
	defaultNodeMaxTargets       = 1024
	defaultNodeBroadcastTimeout = time.Second
)

// withDefaults returns c with the defaults in place of zeros.
func (c NodeConfig) withDefaults() NodeConfig {
	if c.Store == nil {
		c.Store = store.NewMemory(store.Config{})
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	c.MaxMessageSize = nodeDefault(c.MaxMessageSize, defaultNodeMessageSize)
	c.PingInterval = nodeDefault(c.PingInterval, defaultNodePingInterval)
	c.PongTimeout = nodeDefault(c.PongTimeout, defaultNodePongTimeout)
	c.AckTimeout = nodeDefault(c.AckTimeout, defaultNodeAckTimeout)
	c.IdleTimeout = nodeDefault(c.IdleTimeout, defaultNodeIdleTimeout)
	c.MaxTargets = nodeDefault(c.MaxTargets, defaultNodeMaxTargets)
	c.BroadcastTimeout = nodeDefault(c.BroadcastTimeout, defaultNodeBroadcastTimeout)
	return c
}

// nodeDefault reads one figure of a NodeConfig.
func nodeDefault[T int | int64 | time.Duration](given, def T) T {
	if given == 0 {
		return def
	}
	return given
}

// conns returns what the config means for connections.
func (c NodeConfig) conns() conn.Config {
	return conn.Config{
		MaxMessageSize: c.MaxMessageSize,
		PingInterval:   c.PingInterval,
		PongTimeout:    c.PongTimeout,
	}
}
