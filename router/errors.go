package router

import (
	"errors"
	"fmt"
)

// What Lookup returns instead of a handler.
var (
	// ErrNotFound: no route matches the path. An HTTP server answers 404.
	ErrNotFound = errors.New("router: no route matches the path")
	// ErrBadPath: the path has a '%' without two hexadecimal digits, or isn't UTF-8 once decoded. An
	// HTTP server answers 400.
	ErrBadPath = errors.New("router: the path has a bad escape or isn't UTF-8")
)

// Why a route is refused: what a RouteError wraps.
var (
	// ErrPattern: the pattern, or its group, is invalid.
	ErrPattern = errors.New("router: invalid pattern")
	// ErrConflict: an earlier route has the same shape, or the same name. The earlier one stays.
	ErrConflict = errors.New("router: conflict")
	// ErrBind: a field tagged `path:"…"` and the pattern don't agree.
	ErrBind = errors.New("router: fields don't fit the pattern")
)

// Status gives the HTTP status that an error of Lookup or Bind deserves as an answer: 404 for
// ErrNotFound, 400 for ErrBadPath, and 500 for any other error and for nil.
func Status(err error) int {
	switch {
	case errors.Is(err, ErrNotFound):
		return 404
	case errors.Is(err, ErrBadPath):
		return 400
	}
	return 500
}

// RouteError says why a route was refused and what to change. It is made when routes are added,
// never by a lookup.
type RouteError struct {
	Pattern string // of the refused route, complete with its groups' prefixes
	Source  string // where it was written, if its Route says so
	Other   string // with ErrConflict: the pattern of the route that was there first
	// OtherSource is where that one was written, if its Route says so.
	OtherSource string
	Reason      string // what is wrong and what to write instead, for a person to read
	Err         error  // ErrPattern, ErrConflict or ErrBind
}

// Error names the route, the one in its way, and what to change.
func (e *RouteError) Error() string {
	return fmt.Sprintf("router: route %s: %s", cite(e.Pattern, e.Source), e.Reason)
}

// Unwrap returns e.Err.
func (e *RouteError) Unwrap() error { return e.Err }

// cite spells a route for messages: its pattern and, if known, its source.
func cite(pattern, source string) string {
	if source == "" {
		return fmt.Sprintf("%q", pattern)
	}
	return fmt.Sprintf("%q (%s)", pattern, source)
}
