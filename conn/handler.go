package conn

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/godwit-ws/godwit/frame"
)

// Handler returns an http.Handler that makes WebSocket connections with the zero
// Upgrader and calls f for each. See its method.
func Handler(f func(*Conn) error) http.Handler { return new(Upgrader).Handler(f) }

// Handler returns an http.Handler that upgrades each request and calls f with the
// connection, on a goroutine of its own: net/http's handler returns, so that its
// buffers are freed. When f returns, the connection is closed: with CodeNormal if
// f returned nil, with the code of the *CloseError that it returned, and with
// CodeInternalError for any other error and for a panic, which go to Logger and
// not to the peer. What ended the connection itself is no error of f's.
func (u *Upgrader) Handler(f func(*Conn) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := u.Upgrade(w, r)
		if err != nil {
			u.logger().Debug("websocket handshake refused", "remote", r.RemoteAddr, "error", err)
			return
		}
		go u.handle(c, f)
	})
}

// handle calls f and closes the connection as it returns.
func (u *Upgrader) handle(c *Conn, f func(*Conn) error) {
	err := c.call(func() error { return f(c) })
	if c.Err() != nil {
		err = ofHandler(err)
	}
	if err != nil {
		u.report(c, err)
	}
	e := &CloseError{Code: frame.CodeNormal}
	if err != nil {
		e = answer(err)
	}
	if c.Close(context.Background(), e.Code, e.Reason) != nil {
		c.Abort() // a reason that isn't UTF-8, or a peer that didn't answer
	}
}

// ofHandler returns err unless it is how the connection ended.
func ofHandler(err error) error {
	if errors.Is(err, ErrClosed) {
		return nil
	}
	return err
}

// report tells the log of a handler's error.
func (u *Upgrader) report(c *Conn, err error) {
	if e, ok := errors.AsType[*CloseError](err); ok && e.Code != frame.CodeInternalError {
		return // the handler's choice of a code
	}
	attrs := []any{"remote", c.RemoteAddr(), "error", err}
	if p, ok := errors.AsType[*PanicError](err); ok {
		attrs = append(attrs, "stack", string(p.Stack))
	}
	u.logger().Error("websocket handler failed", attrs...)
}

func (u *Upgrader) logger() *slog.Logger {
	if u.Logger != nil {
		return u.Logger
	}
	return slog.Default()
}
