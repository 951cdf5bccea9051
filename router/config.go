package router

// Config sets how a Router matches. The zero value is ready to use.
type Config struct {
	// IgnoreTrailingSlash makes /chat and /chat/ one path, in patterns and in lookups: either spelling
	// of a route is found by either spelling of a path, and adding both is a conflict. A slash at the
	// end of a {path:rest} stays part of the value. By default a trailing slash counts.
	IgnoreTrailingSlash bool
}
