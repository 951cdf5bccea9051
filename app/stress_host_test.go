package app_test

import (
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"time"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
)

// host is a guest's handler.
type host struct {
	g     *guest
	actor *actor
}

// guestKey finds a guest among a connection's values.
type guestKey struct{}

func guestOf(c *app.Conn) *guest {
	g, _ := c.Get(guestKey{}).(*guest)
	return g
}

// roundHeader is in the answers of a round's server.
const roundHeader = "X-Round"

// porter lets guests in, and wraps their handlers.
func (r *round) porter(next app.Acceptor) app.Acceptor {
	return func(req *app.Request) (app.Handler, error) {
		n, _ := req.Params().Int("n")
		req.Set(guestKey{}, r.guests[n])
		req.AddHeader(roundHeader, r.root())
		h, err := next(req)
		return &escorted{h}, err
	}
}

// escorted checks that one hook runs at a time.
type escorted struct{ app.Handler }

func (e *escorted) in(c *app.Conn) (leave func()) {
	g := guestOf(c)
	if g.inside.Add(1) != 1 {
		g.r.t.Error("two hooks run at once")
	}
	return func() { g.inside.Add(-1) }
}

func (e *escorted) OnOpen(c *app.Conn) error {
	defer e.in(c)()
	return e.Handler.OnOpen(c)
}

func (e *escorted) OnMessage(c *app.Conn, p []byte) error {
	defer e.in(c)()
	return e.Handler.OnMessage(c, p)
}

func (e *escorted) OnBinary(c *app.Conn, p []byte) error {
	defer e.in(c)()
	return e.Handler.OnBinary(c, p)
}

func (e *escorted) OnPong(c *app.Conn, p []byte) error {
	defer e.in(c)()
	return e.Handler.OnPong(c, p)
}

func (e *escorted) OnPing(c *app.Conn, p []byte) error {
	defer e.in(c)()
	return e.Handler.OnPing(c, p)
}

func (e *escorted) OnClose(c *app.Conn, end *app.CloseError) {
	defer e.in(c)()
	e.Handler.OnClose(c, end)
}

func (h *host) OnOpen(c *app.Conn) error {
	h.g = guestOf(c)
	h.actor = &actor{round: h.g.r, name: fmt.Sprintf("h%d", h.g.n), gambler: h.g.r.dice(), next: map[string]int{}, hook: true}
	if h.g.opens.Add(1) > 1 {
		return nil
	}
	h.g.opened.Store(h.g.r.stamp())
	if h.g.watches() {
		if _, err := c.JoinWith("wild", app.Join{Framing: envelope{}, Presence: true}); err != nil && !errors.Is(err, app.ErrClosed) {
			h.g.r.t.Errorf("the watcher: %v", err)
		}
		for _, m := range c.Server().Members("wild") {
			h.g.mu.Lock()
			if _, told := h.g.told[m.ID]; !told {
				h.g.told[m.ID] = presenceText(m)
			}
			h.g.mu.Unlock()
		}
	}
	h.g.conn.Store(c)
	for range h.actor.IntN(3) {
		h.actor.actOn(h.g)
	}
	return h.misbehave(c)
}

func (h *host) OnMessage(c *app.Conn, p []byte) error {
	h.g.messages.Add(1)
	if string(p) == "sync" {
		return c.SendText("sync")
	}
	h.g.up.arrived(string(p))
	if h.actor.IntN(3) == 0 {
		h.actor.actOn(h.g)
	}
	return h.misbehave(c)
}

func (h *host) OnBinary(c *app.Conn, p []byte) error { return h.OnMessage(c, p) }

func (h *host) OnPong(c *app.Conn, _ []byte) error { return h.misbehave(c) }

func (h *host) OnClose(c *app.Conn, e *app.CloseError) {
	if h.g.opens.Load() == 0 {
		h.g.r.t.Error("OnClose without OnOpen")
	}
	if h.g.closes.Add(1) > 1 {
		return
	}
	h.g.serverEnd = e
	if c.Connected() || len(c.Topics()) > 0 || c.Context().Err() == nil {
		h.g.r.t.Errorf("in OnClose: connected %v, in %v, context %v", c.Connected(), c.Topics(), c.Context().Err())
	}
	h.actor.actOn(h.g)
	switch h.actor.IntN(20) {
	case 0:
		panic("as asked")
	case 1:
		runtime.Goexit()
	}
}

// misbehave ends a hook badly now and then.
func (h *host) misbehave(c *app.Conn) error {
	if h.g.watches() || h.actor.IntN(60) > 0 {
		return nil
	}
	n := h.actor.IntN(5)
	if n < 4 {
		h.g.endingBegins()
	}
	switch n {
	case 0:
		return errors.New("as asked")
	case 1:
		return &app.CloseError{Code: 4003, Reason: "as asked"}
	case 2:
		panic("as asked")
	case 3:
		runtime.Goexit()
	}
	if !h.g.r.inline() {
		select {
		case <-c.Context().Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil
}

// envelope frames messages with their positions.
type envelope struct{}

func (envelope) Message(p *app.Publication) (*conn.Prepared, error) {
	return conn.NewPrepared(conn.Text, fmt.Appendf(nil, "framed %s %s %d %s", p.Topic, p.Position, p.Prev, p.Payload()))
}

func (envelope) Gap(topic string, p app.Position) (*conn.Prepared, error) {
	return conn.NewPrepared(conn.Text, fmt.Appendf(nil, "gap %s %s", topic, p))
}

func (envelope) Presence(e app.PresenceEvent) (*conn.Prepared, error) {
	text := presenceText(e.Member)
	if e.Left {
		text = ""
	}
	return conn.NewPrepared(conn.Text, fmt.Appendf(nil, "presence %s %s %s", e.Topic, e.Member.ID, text))
}

// presenceText is how a member is, never "".
func presenceText(m app.Member) string { return fmt.Sprintf("info=%v", m.Info) }

// turnAway refuses, in one of the ways in which one may.
func turnAway(next app.Acceptor) app.Acceptor {
	return func(r *app.Request) (app.Handler, error) {
		how, _ := r.Params().String("how")
		switch how {
		case "refuse":
			return nil, app.Refuse(http.StatusForbidden, "as asked")
		case "panic":
			panic("as asked")
		case "goexit":
			runtime.Goexit()
		case "error":
			return nil, errors.New("as asked")
		}
		return nil, nil
	}
}
