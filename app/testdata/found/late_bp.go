package found

import "github.com/godwit-ws/godwit/app"

// Late makes a blueprint while the program runs.
func Late() *app.Blueprint { return group("/late") }

// Later does too, in a function whose name resembles that of an initialiser.
func Later() *app.Blueprint { return init2() }

func init2() *app.Blueprint { return group("/later") }

// Latest does too, in a function that an initialiser made.
var Latest = func() *app.Blueprint { return group("/latest") }
