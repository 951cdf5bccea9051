package found

import "github.com/godwit-ws/godwit/app"

// child is mounted by a blueprint of another file.
var child = app.Route[Echo](app.NewBlueprint("/inner"), "/{message}")
