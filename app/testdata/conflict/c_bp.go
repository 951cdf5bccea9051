package conflict

import "github.com/godwit-ws/godwit/app"

var third = app.NewBlueprint("/third")

var _ = app.Route[C](third, "")

// C says that it is of the third file.
type C struct{}

func (*C) OnOpen(c *app.Conn) error { return c.SendText("c") }
