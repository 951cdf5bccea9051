package conn

import (
	"github.com/godwit-ws/godwit/conn/protocol"
	"github.com/godwit-ws/godwit/frame"
)

// limits are a configuration with its defaults, and the budget of all connections that
// have it.
type limits struct {
	Config
	budget budget
	plain  protocol.SenderConfig // of servers' connections without compression
}

// init fills l in.
func (l *limits) init(c Config) {
	l.Config = c.withDefaults()
	l.budget.limit = l.MaxBuffered
	l.plain = protocol.SenderConfig{
		Role:      protocol.Server,
		MaxFrame:  int(max(0, l.MaxMessageSize)),
		Threshold: l.Compression.Threshold,
	}
}

// holding is what a connection holds of the budget.
type holding struct {
	in     int   // parts of messages
	flight int   // being written, by a write that has to wait
	told   int64 // what the budget knows of
	shard  uint8 // the budget's, while told isn't 0
}

// holdsIn notes how much memory messages that have come in part take. mu and the
// reading baton are held.
func (c *Conn) holdsIn(n int) {
	if n < minHeld {
		n = 0
	}
	if n != c.holds.in {
		c.own().holds.in = n
		c.account()
	}
}

// holdsMessage is holdsIn for a whole message that a hook is to have, and may keep for
// a while: it counts unless it lies in what was just read. The reading baton is held.
func (c *Conn) holdsMessage() {
	if n := c.recv.Held(); n >= minHeld {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.holdsIn(n)
	}
}

// holdsFlight notes how much is being written by a write that waits. mu is held.
func (c *Conn) holdsFlight(n int) {
	if n < minHeld {
		n = 0
	}
	if n != c.holds.flight {
		c.own().holds.flight = n
		c.account()
	}
}

// account tells the budget what the connection holds, if that has changed. mu is held.
func (c *Conn) account() {
	n := int64(c.holds.in + c.holds.flight + c.queue.footprint())
	if c.flushing && c.out != nil {
		n += int64(cap(c.out.B))
	}
	if n < minHeld || c.end != nil {
		n = 0
	}
	if n == c.holds.told {
		return
	}
	h := &c.own().holds
	if h.told == 0 {
		h.shard = uint8(c.cfg.budget.next.Add(1))
	}
	c.cfg.budget.change(c, h.shard, h.told, n)
	h.told = n
}

// settle is account where output has left: it costs nothing where nothing was told. mu
// is held.
func (c *Conn) settle() {
	if c.holds.told != 0 {
		c.account()
	}
}

// errOverloaded is how connections end that the budget closes.
var errOverloaded = &CloseError{Code: frame.CodeTryAgainLater, Reason: "server overloaded", Err: ErrOverloaded}

// shed closes the connection because others need its memory. What waits to be written
// is dropped, so that only what is being written stands before our Close, and the peer
// has goneTimeout to take both.
func (c *Conn) shed() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.end != nil {
		return
	}
	if !c.queue.empty() {
		c.queue.reset()
	}
	c.dropHeld()
	switch {
	case c.unwritable() != nil: // it is ending already
	case c.t != nil || c.waiting:
		c.keepTime()
		c.own().pending = errOverloaded
		c.timers.called = now()
		c.kick()
	default: // whoever reads is busy with a message
		c.failLater(errOverloaded)
	}
	c.closeWithin(goneTimeout)
	c.watchOverdue(goneTimeout)
	c.account()
}
