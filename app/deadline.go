package app

import (
	"sync"
	"time"

	"github.com/godwit-ws/godwit/conn"
)

// hookDeadline watches a connection's hooks, if Config.HookTimeout is set.
type hookDeadline struct {
	mu      sync.Mutex
	timer   *time.Timer
	hook    string // the one that runs; "" if none does
	started time.Time
}

// begin starts the time of a hook. d may be nil.
func (d *hookDeadline) begin(c *Conn, hook string) {
	if d == nil {
		return
	}
	limit := c.request.server.cfg.HookTimeout
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hook, d.started = hook, time.Now()
	if d.timer == nil {
		d.timer = time.AfterFunc(limit, func() { d.expire(c, limit) })
		return
	}
	d.timer.Reset(limit)
}

// end stops the time. d may be nil.
func (d *hookDeadline) end() {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.timer.Stop()
	d.hook = ""
}

// expire ends the connection of a hook that still runs. A timer that fires late, for
// the hook before, finds that this one has time left.
func (d *hookDeadline) expire(c *Conn, limit time.Duration) {
	d.mu.Lock()
	hook, ran := d.hook, time.Since(d.started)
	d.mu.Unlock()
	if hook == "" || ran < limit {
		return
	}
	c.log().Error("hook takes too long; connection closed", "hook", hook, "handler", c.request.route.handler, "id", c.ID())
	c.closeFor(ErrHookTimeout, conn.CodeInternalError, "internal error")
}
