// Package admin is a package below that of the blueprints.
package admin

import "github.com/godwit-ws/godwit/app"

var user = app.NewBlueprint("/admin/user")

var _ = app.Route[User](user, "/{int:user_id}")

// User says who it is.
type User struct {
	ID int64 `path:"user_id"`
}

func (h *User) OnOpen(c *app.Conn) error { return c.SendJSON(h.ID) }
