package broken

import "github.com/godwit-ws/godwit/app"

var panicking = app.NewBlueprint("/panic")

var _ = panicking.Route("/fine", func() any { return new(Good) })

var _ = panicking.Route("/factory", func() any { panic("no handlers today") })
