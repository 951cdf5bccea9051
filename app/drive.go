package app

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"

	"github.com/godwit-ws/godwit/conn"
)

// adopt makes an accepted connection, of which c has the request, one of the server's.
func (s *Server) adopt(c *Conn, ws *conn.Conn, h Handler) {
	c.ws, c.handler, c.since = ws, h, time.Now().UnixNano()
	if s.cfg.MaxMessageRate > 0 {
		c.request.ownGiven().rate = newMessageRate(s.cfg.MaxMessageRate)
	}
	if s.cfg.HookTimeout > 0 {
		c.request.ownGiven().deadline = new(hookDeadline)
	}
}

// serve lets the handler have a connection, on goroutines of its own of which this one is
// the first: see conn.Conn.Serve.
func (s *Server) serve(c *Conn) {
	if c.ws.Serve((*driven)(c)) != nil { // it has ended already
		s.release(c.request.client)
		s.gate.leave()
	}
}

// drive lets the handler have a connection, on the Engine if there is one, and returns at
// once.
func (s *Server) drive(c *Conn) {
	if s.cfg.Engine != nil {
		err := s.cfg.Engine.Attach(c.ws, (*driven)(c))
		if err == nil {
			return
		}
		s.each.Error("connection not taken by the engine; it has a goroutine of its own", "client", c.ClientAddress(), "error", err)
	}
	go s.serve(c)
}

// driven is a Conn as its engine sees it.
type driven Conn

// OnOpen implements conn.Hooks. Only now others may learn of the connection: what
// they do with it finds it driven by hooks.
func (d *driven) OnOpen(*conn.Conn) (err error) {
	c := (*Conn)(d)
	s, r := c.request.server, &c.request
	s.conns.add(c)
	s.totals.accepted.Add(1)
	c.startClock()
	if s.isStopped() { // Shutdown may have looked before
		c.Close(conn.CodeGoingAway, shutdownReason)
	}
	if enabled(s.each, slog.LevelDebug) {
		s.each.Debug("connected", "id", c.ID(), "client", c.ClientAddress(), "path", r.Path(), "handler", r.route.handler)
	}
	defer r.forget()
	err = errHookGoexit // unless it returns
	defer c.guard("OnOpen", &err)
	c.request.given.deadline.begin(c, "OnOpen")
	return c.handler.OnOpen(c)
}

// OnMessage implements conn.Hooks.
func (d *driven) OnMessage(_ *conn.Conn, op conn.Opcode, p []byte) (err error) {
	c := (*Conn)(d)
	c.received.count(len(p))
	if err := c.request.given.rate.take(); err != nil {
		return err
	}
	if op == conn.Binary {
		err = errHookGoexit // unless it returns
		defer c.guard("OnBinary", &err)
		c.request.given.deadline.begin(c, "OnBinary")
		return c.handler.OnBinary(c, p)
	}
	err = errHookGoexit // unless it returns
	defer c.guard("OnMessage", &err)
	c.request.given.deadline.begin(c, "OnMessage")
	return c.handler.OnMessage(c, p)
}

// OnPing implements conn.ControlHooks.
func (d *driven) OnPing(_ *conn.Conn, payload []byte) (err error) {
	c := (*Conn)(d)
	if err := c.request.given.rate.take(); err != nil {
		return err
	}
	err = errHookGoexit // unless it returns
	defer c.guard("OnPing", &err)
	c.request.given.deadline.begin(c, "OnPing")
	return c.handler.OnPing(c, payload)
}

// OnPong implements conn.ControlHooks.
func (d *driven) OnPong(_ *conn.Conn, payload []byte) (err error) {
	c := (*Conn)(d)
	if err := c.request.given.rate.take(); err != nil {
		return err
	}
	err = errHookGoexit // unless it returns
	defer c.guard("OnPong", &err)
	c.request.given.deadline.begin(c, "OnPong")
	return c.handler.OnPong(c, payload)
}

// OnClose implements conn.Hooks.
func (d *driven) OnClose(_ *conn.Conn, e *conn.CloseError) {
	c := (*Conn)(d)
	s := c.request.server
	defer s.gate.leave()
	defer s.release(c.request.client)
	defer s.conns.remove(c, &s.totals)
	c.ended(e)
	s.topics.leaveAll(c)
	err := errHookGoexit // unless it returns
	defer c.guard("OnClose", &err)
	c.handler.OnClose(c, c.seldom.end)
	err = nil
}

// errHookGoexit is what is logged of a hook that ended its goroutine (runtime.Goexit).
// The connection ends as package conn has it.
var errHookGoexit = errors.New("app: a hook ended its goroutine")

// ended notes how the connection ended.
func (c *Conn) ended(e *CloseError) {
	c.request.flags.set(wasClosed)
	c.mu.Lock()
	defer c.mu.Unlock()
	if cause := c.seldom.clock.stop(); cause != nil && !e.Remote {
		e = &CloseError{Code: e.Code, Reason: e.Reason, Err: errors.Join(cause, e.Err)}
	}
	c.own().end = e
	s := c.request.server
	if enabled(s.each, slog.LevelDebug) {
		s.each.Debug("disconnected", "id", c.ID(), "client", c.ClientAddress(), "path", c.request.Path(),
			"code", int(e.Code), "reason", oneLine(e.Reason), "remote", e.Remote, "cause", causeText(e.Err), "after", time.Since(c.ConnectedAt()))
	}
	if !e.Remote && e.Err != nil {
		c.logFault(e)
	}
}

// logFault logs that the connection was closed for what its peer sent, and which
// setting would have it taken.
func (c *Conn) logFault(e *CloseError) {
	attrs := []any{"id", c.ID(), "client", c.ClientAddress(), "path", c.request.Path(), "code", int(e.Code)}
	switch e.Code {
	case conn.CodeMessageTooBig:
		attrs = append(attrs, "hint", fmt.Sprintf("set Config.Limits.MaxMessageSize to take more than %d bytes", c.Limits().MaxMessageSize))
	case conn.CodeProtocolError, conn.CodeInvalidPayload:
	default:
		return
	}
	c.log().Info("Connection error: "+causeText(e.Err), attrs...)
}

func causeText(err error) string {
	if err == nil {
		return ""
	}
	return oneLine(err.Error())
}

// guard ends a hook: it turns a panic into an error, and logs an error that chooses
// no code of its own. The peer is told nothing of it, unless Config.ExposeErrors.
func (c *Conn) guard(hook string, err *error) {
	c.request.given.deadline.end()
	if value := recover(); value != nil {
		*err = c.expose(c.panicked(hook, value))
		return
	}
	if *err == nil || chooses(*err) {
		return
	}
	c.logFailed(hook, *err)
	*err = c.expose(*err)
}

// logFailed logs an error of a hook.
func (c *Conn) logFailed(hook string, err error) {
	c.log().Error(hookText(hook)+oneLine(err.Error()), "hook", hook, "handler", c.request.route.handler, "id", c.ID())
}

// panicked makes an error of a panic, and logs it with its stack.
func (c *Conn) panicked(hook string, value any) error {
	p := &conn.PanicError{Value: value, Stack: debug.Stack()}
	c.log().Error(hookText(hook)+oneLine(p.Error()), "hook", hook, "handler", c.request.route.handler,
		"id", c.ID(), "stack", string(p.Stack))
	return p
}

// chooses reports whether a hook's error says how the connection is to end, or how
// it has ended already.
func chooses(err error) bool {
	if errors.Is(err, ErrClosed) {
		return true
	}
	e, ok := errors.AsType[*CloseError](err)
	return ok && e.Code.Sendable()
}

// expose puts the text of an error into what the peer is told, if Config says so.
func (c *Conn) expose(err error) error {
	if !c.request.server.cfg.ExposeErrors {
		return err
	}
	return &CloseError{Code: conn.CodeInternalError, Reason: strings.ToValidUTF8(err.Error(), "\uFFFD"), Err: err}
}

// hookText begins the line in the log for a hook that failed.
func hookText(hook string) string {
	switch hook {
	case "OnMessage", "OnBinary":
		return "Message handling error: "
	case "OnClose":
		return "on_close error: "
	}
	return "Handler error: "
}

func (c *Conn) log() *slog.Logger { return c.request.server.each }

// logUnhandled says once a connection that messages are dropped because the handler
// has no hook for them.
func (c *Conn) logUnhandled(hook string) {
	if log := c.log(); enabled(log, slog.LevelDebug) && !c.request.flags.set(wasWarned) {
		log.Debug("message dropped: the handler has no "+hook, "handler", c.request.route.handler, "path", c.request.Path(), "id", c.ID())
	}
}
