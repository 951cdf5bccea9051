package conn

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/godwit-ws/godwit/frame"
	"github.com/godwit-ws/godwit/handshake"
)

// Handler returns an http.Handler that makes WebSocket connections with the zero
// Upgrader and calls f for each. See its method.
func Handler(f func(*Conn) error) http.Handler { return new(Upgrader).Handler(f) }

// Handler returns an http.Handler that upgrades each request and calls f with the
// connection, on a goroutine of its own: net/http's handler returns, so that its
// buffers are freed. When f returns, the connection is closed: with CodeNormal if
// f returned nil, with the code and reason of the *CloseError that it returned if
// the code may be sent, and with CodeInternalError for any other error and for a
// panic, which go to Logger and not to the peer; so do those of hooks, when f
// returns what Run returned. What else ended the connection itself, or its context,
// is no error of f's. A connection that hooks drive as f returns nil, as after Serve or an
// Engine's Attach, is left to them.
func (u *Upgrader) Handler(f func(*Conn) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := u.Upgrade(w, r)
		if err != nil {
			u.reportRefusal(r, err)
			return
		}
		go u.handle(c, f)
	})
}

// handle calls f and closes the connection as it returns.
func (u *Upgrader) handle(c *Conn, f func(*Conn) error) {
	left := false
	defer func() {
		if !left {
			c.Abort() // for a peer that doesn't answer our Close, and an f that calls runtime.Goexit
		}
	}()
	err := c.call(func() error { return f(c) })
	if left = err == nil && c.hasHooks(); left {
		return
	}
	if c.Err() != nil && (errors.Is(err, ErrClosed) || errors.Is(err, context.Canceled)) {
		if hookFailed(err) {
			u.report(c, err)
		}
		return
	}
	e := &CloseError{Code: frame.CodeNormal}
	if err != nil {
		e = answer(err)
	}
	if e.Code == frame.CodeInternalError {
		u.report(c, err)
	}
	c.Close(context.Background(), e.Code, e.Reason) // nobody is left to be told its error
}

// hookFailed reports whether err is an end that Run made of a hook's error or
// panic, which nobody else is told of.
func hookFailed(err error) bool {
	e, ok := errors.AsType[*CloseError](err)
	return ok && !e.Remote && e.Code == frame.CodeInternalError && e.Err != nil
}

// report tells the log of a handler's error.
func (u *Upgrader) report(c *Conn, err error) {
	attrs := []any{"remote", c.RemoteAddr(), "error", err}
	if p, ok := errors.AsType[*PanicError](err); ok {
		attrs = append(attrs, "stack", string(p.Stack))
	}
	u.logger().Error("websocket handler failed", attrs...)
}

// reportRefusal tells the log of a request that didn't become a connection: that
// is nothing to be woken for, unless the mistake is ours.
func (u *Upgrader) reportRefusal(r *http.Request, err error) {
	level := slog.LevelDebug
	if handshake.Status(err) == http.StatusInternalServerError {
		level = slog.LevelError
	}
	u.logger().Log(r.Context(), level, "websocket handshake refused", "remote", r.RemoteAddr, "error", err)
}

func (u *Upgrader) logger() *slog.Logger {
	if u.Logger != nil {
		return u.Logger
	}
	return slog.Default()
}
