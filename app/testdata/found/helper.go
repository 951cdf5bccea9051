package found

import "github.com/godwit-ws/godwit/app"

// In a file of this name blueprints are not found.
var stray = app.NewBlueprint("/stray")

var _ = app.Route[Echo](stray, "/{message}")

// group makes the blueprint of whoever calls it.
func group(prefix string) *app.Blueprint {
	return app.Route[Echo](app.NewBlueprint(prefix), "/{message}")
}
