package found

import "github.com/godwit-ws/godwit/app"

var nested = app.NewBlueprint("/v{int:version}").Mount(child)
