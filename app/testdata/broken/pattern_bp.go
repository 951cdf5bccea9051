package broken

import "github.com/godwit-ws/godwit/app"

var pattern = app.NewBlueprint("/pattern")

var _ = app.Route[Good](pattern, "/fine")

var _ = app.Route[Good](pattern, "/{int:id")
