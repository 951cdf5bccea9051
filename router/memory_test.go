package router_test

import (
	"runtime"
	"strings"
	"testing"
	"unsafe"
	"weak"

	"github.com/godwit-ws/godwit/router"
)

// A Match keeps the path that it was filled from, and no other: not one whose lookup failed, not one
// of an earlier lookup, none at all once detached.
func TestMatchLetsGo(t *testing.T) {
	r := newRouter(t, router.Config{}, "/{a}/{b}/{c}/{d}/{e}/{f}", "/x")
	long := strings.Repeat("z", 1000)
	for _, tt := range []struct {
		name, path string
		then       func(m *router.Match)
		kept       bool
	}{
		{"found", "/1/2/3/4/5/" + long, func(*router.Match) {}, true},
		{"failed", "/1/2/3/4/" + long, func(*router.Match) {}, false},
		{"followed-by-failure", "/1/2/3/4/5/" + long, func(m *router.Match) { _, _ = r.Lookup("/y", m) }, false},
		{"followed-by-another", "/1/2/3/4/5/" + long, func(m *router.Match) { _, _ = r.Lookup("/x", m) }, false},
		{"followed-by-bad-path", "/1/2/3/4/5/" + long, func(m *router.Match) { _, _ = r.Lookup("/%", m) }, false},
		{"detached", "/1/2/3/4/5/" + long, (*router.Match).Detach, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := new(router.Match)
			path := lookUpClone(r, tt.path, m)
			tt.then(m)
			runtime.GC()
			runtime.GC()
			if kept := path.Value() != nil; kept != tt.kept {
				t.Errorf("the path is kept: %v, want %v", kept, tt.kept)
			}
			runtime.KeepAlive(m)
		})
	}
}

// lookUpClone looks a copy of path up and returns a weak pointer to that copy.
func lookUpClone(r *router.Router[string], path string, m *router.Match) weak.Pointer[byte] {
	path = strings.Clone(path)
	_, _ = r.Lookup(path, m)
	return weak.Make(unsafe.StringData(path))
}
