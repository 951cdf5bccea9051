package app_test

import (
	"testing"

	"github.com/godwit-ws/godwit/app"
)

// acts is a handler made of functions. Those that are nil do what Application's
// do.
type acts struct {
	app.Application
	open   func(*app.Conn) error
	text   func(*app.Conn, []byte) error
	binary func(*app.Conn, []byte) error
	close  func(*app.Conn, *app.CloseError)
}

func (a *acts) OnOpen(c *app.Conn) error {
	if a.open == nil {
		return a.Application.OnOpen(c)
	}
	return a.open(c)
}

func (a *acts) OnMessage(c *app.Conn, text []byte) error {
	if a.text == nil {
		return a.Application.OnMessage(c, text)
	}
	return a.text(c, text)
}

func (a *acts) OnBinary(c *app.Conn, data []byte) error {
	if a.binary == nil {
		return a.Application.OnBinary(c, data)
	}
	return a.binary(c, data)
}

func (a *acts) OnClose(c *app.Conn, e *app.CloseError) {
	if a.close != nil {
		a.close(c, e)
	}
}

// at adds one route with a handler of functions.
func at(t *testing.T, path string, a acts) func(*app.Router) {
	return func(r *app.Router) {
		t.Helper()
		route(t, r, path, func() any { h := a; return &h })
	}
}

// echoes sends back what comes, as what it came.
func echoes() acts {
	return acts{
		text:   func(c *app.Conn, text []byte) error { return c.SendTextBytes(text) },
		binary: func(c *app.Conn, data []byte) error { return c.SendBinary(data) },
	}
}

// closes are the ends that a handler was told of, in order.
type closes chan *app.CloseError

// note is a hook that reports how its connection ended.
func (e closes) note(_ *app.Conn, end *app.CloseError) { e <- end }
