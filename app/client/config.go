package client

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/godwit-ws/godwit/conn"
)

// Subprotocol is the version of the protocol that is spoken.
const Subprotocol = "godwit.live.v1"

// Config sets up a Client. 0 means the default.
type Config struct {
	// URL is where the server has app/live: ws:// or wss://.
	URL string
	// Dialer opens connections. Its Subprotocols must be Subprotocol. Nil means one that
	// pings every 25 s, so that a dead line is noticed.
	Dialer *conn.Dialer
	// Token, if set, gives the token for a server that wants one: for each connection,
	// and before the last one ends.
	Token func(ctx context.Context) (string, error)
	// MinWait is the longest wait before the first attempt to come back; it doubles with
	// each failure, up to MaxWait. The wait itself is chosen by chance below that. 0
	// means 500 ms and 30 s.
	MinWait, MaxWait time.Duration
	// Timeout bounds an attempt to connect, the greeting included. 0 means 10 s.
	Timeout time.Duration
	// MaxPending is how many requests may wait for their answers. 0 means 1000. One
	// more fails with ErrPending.
	MaxPending int
	// OnState, if set, is told when the client is connected, and when it isn't any more,
	// with the reason. It must not wait.
	OnState func(connected bool, err error)
}

const (
	defaultMinWait    = 500 * time.Millisecond
	defaultMaxWait    = 30 * time.Second
	defaultTimeout    = 10 * time.Second
	defaultMaxPending = 1000
	pingInterval      = 25 * time.Second
)

// withDefaults returns c with the defaults in place of zeros.
func (c Config) withDefaults() Config {
	if c.Dialer == nil {
		c.Dialer = &conn.Dialer{Subprotocols: []string{Subprotocol}, Config: conn.Config{PingInterval: pingInterval}}
	}
	if c.MinWait <= 0 {
		c.MinWait = defaultMinWait
	}
	if c.MaxWait <= 0 {
		c.MaxWait = defaultMaxWait
	}
	if c.Timeout <= 0 {
		c.Timeout = defaultTimeout
	}
	if c.MaxPending <= 0 {
		c.MaxPending = defaultMaxPending
	}
	return c
}

// check finds a URL that can't be one of a server.
func (c *Config) check() error {
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || u.Scheme != "ws" && u.Scheme != "wss" {
		return fmt.Errorf("client: %w: write ws://host/path or wss://host/path", conn.ErrURL)
	}
	return nil
}
