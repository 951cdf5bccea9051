package live

import (
	"encoding/json"
	"time"

	"github.com/godwit-ws/godwit/app"
)

// Config sets up a Live. The zero value is ready to use. 0 means the default; a
// negative number means no limit.
type Config struct {
	// MaxRequest is the longest request, in bytes. 0 means 64 KiB. A longer one is
	// answered with CodeTooLarge.
	MaxRequest int
	// MaxRate is how many requests a second a connection may make, and twice that at
	// once; info counts once for each topic that the client is in. 0 means 100. One more
	// is answered with CodeLimit; after a hundred of those in a row the connection is
	// closed with CloseTooMany.
	MaxRate int
	// MaxMembers is how many members of a topic are listed. 0 means 1000. A list that
	// was cut says so.
	MaxMembers int
	// MaxInfo is the longest presence information, in bytes of JSON. 0 means 1 KiB.
	MaxInfo int
	// Ping is how often clients are asked to send a ping when nothing else is going on,
	// so that both sides notice a dead line. 0 means 25 s; negative asks for none.
	Ping time.Duration

	// Token, if set, judges the tokens that clients send: it returns until when one is
	// good, the zero time for without end, or an error. It may note who the client is
	// (app.Conn.Set) for app.Config.Authorize to see. A client must send one before
	// anything else, within TokenTimeout, and the next before the time is over.
	Token func(c *app.Conn, token string) (until time.Time, err error)
	// TokenTimeout is how long a connection may be without a token. 0 means 10 s.
	TokenTimeout time.Duration
	// TokenWarning is how long before a token's end the client is told. 0 means 30 s.
	// It is half the token's time if that is less.
	TokenWarning time.Duration

	// Info, if set, judges what a client says about itself for others to see: it returns
	// what app.Conn.SetPresence is to get, or an error. Nil refuses all, since others
	// would believe it.
	Info func(c *app.Conn, info json.RawMessage) (any, error)
}

const (
	defaultMaxRequest   = 64 << 10
	defaultMaxRate      = 100
	defaultMaxMembers   = 1000
	defaultMaxInfo      = 1 << 10
	defaultPing         = 25 * time.Second
	defaultTokenTimeout = 10 * time.Second
	defaultTokenWarning = 30 * time.Second
)

// withDefaults returns c with the defaults in place of zeros.
func (c Config) withDefaults() Config {
	for _, field := range []struct {
		value *int
		def   int
	}{
		{&c.MaxRequest, defaultMaxRequest}, {&c.MaxRate, defaultMaxRate},
		{&c.MaxMembers, defaultMaxMembers}, {&c.MaxInfo, defaultMaxInfo},
	} {
		if *field.value == 0 {
			*field.value = field.def
		}
	}
	if c.Ping == 0 {
		c.Ping = defaultPing
	}
	if c.TokenTimeout == 0 {
		c.TokenTimeout = defaultTokenTimeout
	}
	if c.TokenWarning == 0 {
		c.TokenWarning = defaultTokenWarning
	}
	return c
}
