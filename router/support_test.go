package router_test

import (
	"testing"

	"github.com/godwit-ws/godwit/router"
)

// exampleUUID is 123e4567-e89b-12d3-a456-426614174000.
var exampleUUID = router.UUID{0x12, 0x3e, 0x45, 0x67, 0xe8, 0x9b, 0x12, 0xd3, 0xa4, 0x56, 0x42, 0x66, 0x14, 0x17, 0x40, 0x00}

// newRouter returns a Router in which each pattern is its own handler.
func newRouter(tb testing.TB, c router.Config, patterns ...string) *router.Router[string] {
	tb.Helper()
	r := router.New[string](c)
	for _, pattern := range patterns {
		if err := r.Add(router.Route[string]{Pattern: pattern, Handler: pattern}); err != nil {
			tb.Fatalf("Add(%q): %v", pattern, err)
		}
	}
	return r
}

// found returns the handler that path leads to, "" for none, and the error's text for a bad path.
func found(r *router.Router[string], path string) string {
	var m router.Match
	handler, err := r.Lookup(path, &m)
	if router.Status(err) == 400 {
		return err.Error()
	}
	return handler
}
