// Package found holds blueprints for the tests of discovery: in files of the right
// and of wrong names, made in all the ways there are.
package found

import "github.com/godwit-ws/godwit/app"

var echo = app.NewBlueprint("/echo")

var _ = app.Route[Echo](echo, "/{message:str}")

// Echo greets with the parameter and sends everything back.
type Echo struct {
	Message string `path:"message"`
}

func (h *Echo) OnOpen(c *app.Conn) error                 { return c.SendText("初始消息: " + h.Message) }
func (h *Echo) OnMessage(c *app.Conn, text []byte) error { return c.SendTextBytes(text) }
