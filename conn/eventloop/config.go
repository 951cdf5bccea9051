package eventloop

import (
	"log/slog"
	"runtime"
	"time"

	"github.com/godwit-ws/godwit/conn/internal/drive"
)

// Config sets up an Engine. The zero value is ready to use: a loop for each core,
// and hooks that may block.
type Config struct {
	// Loops is how many loops there are, each with a thread of its own while it has
	// something to do. 0 or less means as many as GOMAXPROCS says.
	Loops int
	// Inline has hooks called on the loops themselves. That is fastest, and for
	// hooks that never wait: one that does holds up all connections of its loop. A
	// send never waits there: what the peer doesn't take is queued, above 64 KiB of
	// it nothing more is read from that peer, and past conn.Config.MaxQueued the
	// connection is closed with conn.CodeTryAgainLater and the send returns
	// conn.ErrQueueFull.
	//
	// Otherwise hooks are called on goroutines of a pool, for each connection one
	// after the other, and may wait like those of conn's Run.
	Inline bool
	// SlowHook is how long a hook may hold a loop before Logger is told, when hooks
	// are called on the loops. 0 means 100 ms, less never.
	SlowHook time.Duration
	// Logger is told of hooks that hold a loop, and once if connections come that no
	// loop can drive. Nil means slog.Default.
	Logger *slog.Logger
}

const defaultSlowHook = 100 * time.Millisecond

// withDefaults returns c with its zero fields filled in.
func (c Config) withDefaults() Config {
	if c.Loops <= 0 {
		c.Loops = runtime.GOMAXPROCS(0)
	}
	if c.SlowHook == 0 {
		c.SlowHook = defaultSlowHook
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c
}

func (c *Config) mode() drive.Mode {
	if c.Inline {
		return drive.Inline
	}
	return drive.Pooled
}
