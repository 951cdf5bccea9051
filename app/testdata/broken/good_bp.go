// Package broken holds blueprints for the tests of discovery, most of which are
// wrong.
package broken

import "github.com/godwit-ws/godwit/app"

var good = app.NewBlueprint("/good")

var _ = app.Route[Good](good, "")

// Good says that it is served.
type Good struct{}

func (*Good) OnOpen(c *app.Conn) error { return c.SendText("good") }
