package load

import (
	"net/url"
	"slices"
	"strings"
	"time"
)

// Mode is what a run does.
type Mode string

// The modes.
const (
	// Echo sends messages and waits for them to come back: in a closed loop of
	// Depth messages in flight, or at a rate.
	Echo Mode = "echo"
	// Churn connects, has one message echoed, closes, and begins again; what is
	// counted are such rounds.
	Churn Mode = "churn"
	// Idle opens all connections, has one message echoed on each, holds them
	// without traffic, and has one more echoed. What the server's memory grows by
	// from the First of them to all is what a connection takes.
	Idle Mode = "idle"
	// Broadcast sends on one connection and counts what comes on the others.
	Broadcast Mode = "broadcast"
)

// modes returns the modes there are.
func modes() []Mode { return []Mode{Echo, Churn, Idle, Broadcast} }

// Defaults of Config.
const (
	DefaultConnections = 64
	DefaultSize        = 125
	DefaultDuration    = 5 * time.Second
	DefaultWarmUp      = time.Second
)

// maxInFlight bounds the messages in flight on one connection, in bytes.
const maxInFlight = 64 << 20

// Config says what to do. The zero value of all but URL is usable: 64
// connections, 125 bytes of binary, one message in flight on each, for 5 s after
// one of warming up.
type Config struct {
	// URL is the server's: ws:// and wss:// for WebSocket, tcp://HOST:PORT for a
	// server that sends every byte back.
	URL string
	// Mode is what to do. "" means Echo.
	Mode Mode
	// Connections is how many are open at a time. 0 means 64; negative is an error.
	// Broadcast takes two at least.
	Connections int
	// First is how many connections of Idle are open when the server's memory is read
	// for the first time: with them it pays for what it needs once. 0 means a fifth of
	// Connections, negative none.
	First int
	// Depth is how many messages are in flight on a connection. 0 means 1. What
	// comes back in one read is replaced in one write.
	Depth int
	// Rate is how many messages are sent a second, on all connections together,
	// evenly spaced. 0 means as many as come back.
	Rate float64
	// Size is the length of a message in bytes. 0 means 125, negative an empty
	// message.
	Size int
	// Content is the kind of messages: Binary, ASCII, CJK or JSON. "" means Binary.
	Content string
	// Compress offers permessage-deflate with context takeover (RFC 7692). A server
	// that declines it is an error.
	Compress bool
	// NoTakeover offers it without context takeover, in both directions. A server that
	// keeps its context all the same is an error.
	NoTakeover bool
	// WarmUp is how long the load runs before anything counts. 0 means 1 s; negative
	// means not at all.
	WarmUp time.Duration
	// Duration is how long it counts, or how long Idle holds its connections. 0
	// means 5 s.
	Duration time.Duration
	// Sources is how many loopback addresses, from 127.0.0.1 on, the connections are
	// spread over, for more of them than one address has ports. 0 means one, which
	// the system chooses. The URL must lead to 127.0.0.0/8.
	Sources int
	// Insecure accepts any certificate of a wss server.
	Insecure bool
	// ServerPID is the server's process, whose CPU time and memory are measured. 0
	// means none. On Linux only.
	ServerPID int
	// ServerVars is the http:// URL where a server in Go publishes the figures of its
	// runtime (package expvar: /debug/vars), for its allocations. "" means that they
	// aren't measured; neither are those of Idle.
	ServerVars string
}

// withDefaults returns c with its defaults filled in, or an error that Is
// ErrConfig.
func (c Config) withDefaults() (Config, error) {
	c.Mode = orDefault(c.Mode, Echo)
	c.Connections = orDefault(c.Connections, DefaultConnections)
	c.First = max(orDefault(c.First, c.Connections/fewFirst), 0)
	c.Depth = orDefault(c.Depth, 1)
	c.Size = max(orDefault(c.Size, DefaultSize), 0)
	c.Content = orDefault(c.Content, Binary)
	c.WarmUp = max(orDefault(c.WarmUp, DefaultWarmUp), 0)
	c.Duration = orDefault(c.Duration, DefaultDuration)
	return c, c.check()
}

// orDefault returns v, or the default where v is zero.
func orDefault[T comparable](v, byDefault T) T {
	var zero T
	if v == zero {
		return byDefault
	}
	return v
}

// check looks for what makes no sense in a Config with its defaults filled in.
func (c *Config) check() error {
	switch {
	case !slices.Contains(modes(), c.Mode):
		return badConfig("no mode %q; there are %v", c.Mode, modes())
	case !slices.Contains(contents(), c.Content):
		return badConfig("no content %q; there are %s", c.Content, strings.Join(contents(), ", "))
	case c.Connections < 1 || c.Depth < 1 || c.Rate < 0 || c.Sources < 0 || c.Duration < 0 || c.ServerPID < 0:
		return badConfig("connections and depth must be at least 1; rate, sources, duration and process id must not be negative")
	case c.Size > maxInFlight/c.Depth:
		return badConfig("%d messages of %d bytes in flight are more than %d bytes", c.Depth, c.Size, maxInFlight)
	case c.Rate > 0 && c.Mode != Echo && c.Mode != Broadcast:
		return badConfig("a rate goes with the modes echo and broadcast")
	case c.Mode == Broadcast && c.Connections < 2:
		return badConfig("a broadcast takes two connections at least")
	case c.Mode == Broadcast && strings.HasPrefix(c.URL, "tcp:"):
		return badConfig("there are no broadcasts over tcp://")
	case c.Mode == Idle && c.First >= c.Connections:
		return badConfig("the first %d of %d connections leave none to measure", c.First, c.Connections)
	case c.NoTakeover && !c.Compress:
		return badConfig("there is no context to take over without compression")
	case c.ServerVars != "" && !strings.HasPrefix(c.ServerVars, "http://"):
		return badConfig("the server's variables are at no http:// URL: %q", c.ServerVars)
	case c.Sources > maxSources:
		return badConfig("at most %d sources", maxSources)
	}
	return c.checkURL()
}

// checkURL looks for what makes no sense in the URL.
func (c *Config) checkURL() error {
	u, err := url.Parse(c.URL)
	switch {
	case err != nil:
		return badConfig("%v", err)
	case u.Scheme != "ws" && u.Scheme != "wss" && u.Scheme != "tcp":
		return badConfig("%q is no ws://, wss:// or tcp:// URL", c.URL)
	case u.Hostname() == "":
		return badConfig("no host in %q", c.URL)
	case u.Scheme == "tcp" && (u.Port() == "" || c.Compress):
		return badConfig("tcp:// needs a port and has no compression")
	}
	return nil
}
