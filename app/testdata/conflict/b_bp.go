package conflict

import "github.com/godwit-ws/godwit/app"

var clean = app.NewBlueprint("/clean")

var _ = app.Route[B](clean, "/b")

var clash = app.NewBlueprint("")

var _ = app.Route[B](clash, "/first/{id:int}")

// B says that it is of the second file.
type B struct{}

func (*B) OnOpen(c *app.Conn) error { return c.SendText("b") }
