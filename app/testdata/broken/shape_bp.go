package broken

import "github.com/godwit-ws/godwit/app"

var misshapen = app.NewBlueprint("/shape")

var _ = app.Route[Misshapen](misshapen, "")

// Misshapen has a hook of another shape.
type Misshapen struct{}

func (*Misshapen) OnMessage(c *app.Conn, text string) error { return c.SendText(text) }
