// Package conflict holds blueprints for the tests of discovery, some of which stand
// in each other's way.
package conflict

import "github.com/godwit-ws/godwit/app"

var first = app.NewBlueprint("/first")

var _ = app.Route[A](first, "/{int:id}")

// A says that it is of the first file.
type A struct{}

func (*A) OnOpen(c *app.Conn) error { return c.SendText("a") }
