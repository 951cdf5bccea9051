package app

import (
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/eventloop"
	"github.com/godwit-ws/godwit/handshake"
)

// Origins says which web pages may connect (RFC 6455 §10.2).
type Origins = handshake.Origins

// Config sets up a Server. The zero value is ready to use and safe on the open
// internet. 0 means the default; a negative number means off or unlimited.
type Config struct {
	// Addr is where Run and ServeForever listen: "host:port", with a name, an IPv4 or a
	// bracketed IPv6 address, or none for all interfaces; port 0 picks a free one.
	// "unix:/path" is a unix socket. "" means DefaultAddr.
	Addr string
	// Router has the routes. Nil means a new, empty one (Server.Router).
	Router *Router
	// Limits are those of each connection: sizes, timeouts, compression.
	Limits conn.Config
	// Engine drives the connections. Nil means a goroutine for each; package eventloop
	// has one for very many connections. It is the caller's to close, after Shutdown.
	//
	// Where it can, and with neither TLS nor ProxyProtocol, its loops accept connections
	// and answer opening requests as well. With an Inline engine requests are then
	// answered on the loops where the route has no middleware, so its New must not wait
	// there, as its hooks must not; middleware may, and costs a goroutine until it has
	// decided.
	Engine *eventloop.Engine
	// Origins says which web pages may connect: by default those of the same origin,
	// and clients that are no page. Others get 403.
	Origins Origins
	// Subprotocols are the server's, in its order of preference (RFC 6455 §1.9).
	Subprotocols []string
	// HTTP answers requests that ask for no WebSocket. Nil means 426 on the path of a
	// route and 404 elsewhere.
	HTTP http.Handler

	// TLS, if set, makes the server speak TLS. Its ClientAuth asks for clients'
	// certificates.
	TLS *tls.Config
	// CertFile and KeyFile, if set, are read for the certificate, and again when they
	// have changed.
	CertFile, KeyFile string
	// TrustedProxies are the addresses of proxies whose Forwarded, or X-Forwarded-For,
	// -Proto and -Host, is believed.
	TrustedProxies []netip.Prefix
	// ProxyProtocol expects each connection to begin with a PROXY header, version 1 or
	// 2, and to come from one of TrustedProxies; others are closed.
	ProxyProtocol bool

	// MaxConns is how many connections there may be. 0 means no limit. Past it
	// requests get 503.
	MaxConns int
	// MaxConnsPerIP is how many of them one client may have, an IPv6 client being a
	// /64. 0 means no limit. Past it requests get 429.
	MaxConnsPerIP int
	// MaxHandshakes is how many opening handshakes may be under way on the server's own
	// listeners, TLS and PROXY headers included. 0 means 4096; negative means no limit.
	// For one more the oldest is dropped.
	MaxHandshakes int
	// MaxMessageRate is how many messages a connection may send in a second, pings and
	// pongs included; as many may come at once. 0 means no limit. One more closes the
	// connection with 1008. Across connections and by client, RateLimit counts.
	MaxMessageRate int
	// MaxAge is how long a connection may live, give or take a tenth so that those made
	// together don't end together. 0 means for ever. After it, it is closed with 1001.
	MaxAge time.Duration
	// HookTimeout is how long a hook may take. 0 means as long as it likes. After it
	// the connection is closed with 1011, and its context ends within
	// Limits.CloseTimeout; the hook itself can't be stopped, and OnClose waits for it.
	HookTimeout time.Duration
	// DrainTimeout is how long Shutdown waits for connections and hooks to end. 0
	// means 10 s. Then they are dropped.
	DrainTimeout time.Duration

	// Authorize, if set, is asked before a connection joins a topic, publishes to one,
	// or looks at who is there. Nil allows all.
	Authorize func(c *Conn, a Action, topic string) (Grant, error)
	// MaxTopics is how many topics a connection may be in. 0 means 1000.
	MaxTopics int
	// SlowConsumer says what members of a topic get who don't read fast enough.
	SlowConsumer SlowConsumer
	// TopicPolicy, if set, chooses another SlowConsumer for a topic when it comes into
	// being.
	TopicPolicy func(topic string) SlowConsumer

	// Retain, if set, says how much of a topic's messages is kept, in this process, for
	// members that come back (Conn.JoinWith). Nil keeps none.
	Retain func(topic string) Retention
	// Broker, if set, carries the topics' messages in place of the server itself, and
	// has a say of its own on what is kept: one of package app/cluster, or a
	// MemoryBroker that several servers share.
	Broker Broker

	// Logger is told of connections at level Debug, of refusals at Info, of hooks that
	// fail at Error. Nil means slog.Default, and only warnings and errors as long as
	// nobody has set that up.
	Logger *slog.Logger
	// ExposeErrors puts the text of a hook's error into the Close frame: for
	// development.
	ExposeErrors bool
	// Strict makes CreateWithBlueprints return what it would only log: files that were
	// skipped, and that no blueprint was found.
	Strict bool
}

// Defaults of Config.
const (
	// DefaultAddr is where a server listens unless it is told otherwise.
	DefaultAddr = "127.0.0.1:8765"

	defaultDrainTimeout = 10 * time.Second
	defaultMaxTopics    = 1000
	defaultHandshakes   = 4096
)

// withDefaults returns c with the defaults in place of zeros.
func (c Config) withDefaults() Config {
	if c.Addr == "" {
		c.Addr = DefaultAddr
	}
	if c.Router == nil {
		c.Router = NewRouter(RouterConfig{Logger: c.Logger})
	}
	if c.DrainTimeout == 0 {
		c.DrainTimeout = defaultDrainTimeout
	}
	if c.MaxHandshakes == 0 {
		c.MaxHandshakes = defaultHandshakes
	}
	if c.MaxTopics == 0 {
		c.MaxTopics = defaultMaxTopics
	}
	c.SlowConsumer = c.SlowConsumer.withDefaults()
	return c
}

// check finds what can't be right.
func (c *Config) check() error {
	if err := checkAddr(c.Addr); err != nil {
		return err
	}
	policy := handshake.Policy{Origins: c.Origins, Subprotocols: c.Subprotocols, Deflate: &c.Limits.Compression.Params}
	switch err := policy.Validate(); {
	case err != nil:
		return &ConfigError{Field: "Origins, Subprotocols or Limits.Compression", Reason: "malformed", Err: err}
	case (c.CertFile == "") != (c.KeyFile == ""):
		return &ConfigError{Field: "CertFile", Reason: "CertFile and KeyFile come together"}
	case c.Retain != nil && c.Broker != nil:
		return &ConfigError{Field: "Retain", Reason: "the Broker keeps the history: tell it instead"}
	case c.ProxyProtocol && len(c.TrustedProxies) == 0:
		return &ConfigError{Field: "ProxyProtocol", Reason: "name the proxies in TrustedProxies: whoever sends a PROXY header is believed"}
	}
	return nil
}

// checkAddr finds what can't be an address to listen on. Whether it can be had is
// for listening to say.
func checkAddr(addr string) error {
	if path, unix := strings.CutPrefix(addr, unixPrefix); unix {
		if path == "" {
			return &ConfigError{Field: "Addr", Reason: `write "unix:/path/to/socket"`}
		}
		return nil
	}
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return &ConfigError{Field: "Addr", Reason: `write "host:port", "[ipv6]:port", ":port" or "unix:/path"`, Err: err}
	}
	if n, err := strconv.ParseUint(port, 10, 16); err == nil && n <= maxPort {
		return nil
	}
	if _, err := net.LookupPort("tcp", port); err != nil {
		return &ConfigError{Field: "Addr", Reason: "the port must be a number from 0 to 65535", Err: err}
	}
	return nil
}

const (
	unixPrefix = "unix:"
	maxPort    = 1<<16 - 1
)
