package conn

import (
	"time"

	"github.com/godwit-ws/godwit/handshake"
)

// Config sets the limits and timeouts of a Conn. The zero value is ready to use
// and safe on the open internet. In every field 0 means the default and a
// negative value means off or unlimited.
type Config struct {
	// MaxMessageSize is the longest message taken, in bytes, counted after
	// inflating. 0 means 2 MiB. A longer one ends the connection with
	// CodeMessageTooBig. Longer messages that we send go out in frames of at most
	// this size.
	MaxMessageSize int64
	// MaxFragments is the most frames one message may have. 0 means 131,072. One
	// more ends the connection with CodePolicyViolation.
	MaxFragments int
	// MaxHeaderSize is the longest header block of the opening handshake, in
	// bytes. 0 means 4096 for a request and 65,536 for an answer. A server answers
	// a longer one with 431; Dial fails. It doesn't apply to Upgrade, where
	// net/http has read the header.
	MaxHeaderSize int
	// MaxQueued is how many bytes may wait behind a write that doesn't get on. 0
	// means 4 MiB. Past it a send waits, for WriteTimeout at most, then returns
	// ErrQueueFull. A single message is taken on an empty queue whatever its size. On
	// an event loop with inline hooks nothing waits: there the send returns
	// ErrQueueFull at once, and the connection ends with CodeTryAgainLater.
	MaxQueued int
	// MaxBuffered is how many bytes all connections of one Upgrader or Dialer may hold
	// together: messages that have come in part, what is inflated of them, and output
	// that can't leave. 0 means 256 MiB. Past it those that hold most are closed with
	// CodeTryAgainLater, until an eighth of it is free again; requests that come before
	// that is so are refused with 503. A connection that holds less than 8 KiB doesn't
	// count, nor do prepared messages, which connections share.
	MaxBuffered int64

	// HandshakeTimeout bounds the opening handshake, proxies and TLS included. 0
	// means 10 s. A server answers 408 if part of a request came.
	HandshakeTimeout time.Duration
	// ReadTimeout is how long a read may wait with nothing at all received. 0
	// means 30 min. After it the connection ends with CodeGoingAway.
	ReadTimeout time.Duration
	// MessageTimeout bounds a message from its first byte to its last. 0 means 2
	// min. After it the connection ends with CodePolicyViolation.
	MessageTimeout time.Duration
	// WriteTimeout is how long a write may make no progress. 0 means 10 s. After
	// it, and after twice the time at the latest where progress can't be watched
	// closely, the connection is dropped as dead (CodeAbnormal).
	WriteTimeout time.Duration
	// CloseTimeout bounds the closing handshake, and what a peer that closes its
	// direction without one takes to read what was sent before. 0 means 5 s. After it
	// the connection is dropped.
	CloseTimeout time.Duration
	// PingInterval is the time between pings sent by the connection itself. One that is
	// due while the last may still wait behind a write in progress is left out. 0 or
	// less means none.
	PingInterval time.Duration
	// PongTimeout is how long nothing may come after such a ping. 0 means 10 s.
	// After it the connection is dropped as dead (CodeAbnormal).
	PongTimeout time.Duration

	// Compression is permessage-deflate (RFC 7692); off by default.
	Compression Compression
}

// Compression sets up permessage-deflate (RFC 7692). The zero value turns it
// off.
type Compression struct {
	// Enabled offers it (client) or accepts it (server).
	Enabled bool
	// Threshold is the length in bytes under which a message goes out plain. 0
	// means 128; negative compresses all.
	Threshold int
	// History is how many bytes of what was sent are kept to compress the next
	// message against; each connection pays them. 0 means 4096; negative means
	// none. It has no effect where context takeover was declined.
	History int
	// Params are the extension's parameters to ask for. Zero means context takeover
	// both ways, while the peer may ask for less. A client takes a window of 32 KiB
	// both ways; a server asks clients for 4 KiB, since it holds that much of what
	// each has sent.
	Params handshake.DeflatePolicy
}

// The defaults of Config.
const (
	defaultMaxMessageSize   = 2 << 20
	defaultMaxFragments     = 131072
	defaultMaxHeaderSize    = 4096
	defaultMaxAnswerSize    = 64 << 10
	defaultMaxQueued        = 4 << 20
	defaultMaxBuffered      = 256 << 20
	defaultHandshakeTimeout = 10 * time.Second
	defaultReadTimeout      = 30 * time.Minute
	defaultMessageTimeout   = 2 * time.Minute
	defaultWriteTimeout     = 10 * time.Second
	defaultCloseTimeout     = 5 * time.Second
	defaultPongTimeout      = 10 * time.Second
	defaultThreshold        = 128
)

// withDefaults returns c with its zero fields filled in.
func (c Config) withDefaults() Config {
	orDefault(&c.MaxMessageSize, defaultMaxMessageSize)
	orDefault(&c.MaxFragments, defaultMaxFragments)
	orDefault(&c.MaxQueued, defaultMaxQueued)
	orDefault(&c.MaxBuffered, defaultMaxBuffered)
	orDefault(&c.HandshakeTimeout, defaultHandshakeTimeout)
	orDefault(&c.ReadTimeout, defaultReadTimeout)
	orDefault(&c.MessageTimeout, defaultMessageTimeout)
	orDefault(&c.WriteTimeout, defaultWriteTimeout)
	orDefault(&c.CloseTimeout, defaultCloseTimeout)
	orDefault(&c.PongTimeout, defaultPongTimeout)
	orDefault(&c.Compression.Threshold, defaultThreshold)
	return c
}

func orDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
