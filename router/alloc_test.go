package router_test

import (
	"reflect"
	"testing"

	"github.com/godwit-ws/godwit/router"
)

// What the package promises not to allocate, hostile paths included.
func TestAllocs(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	const (
		typed = "/t/{int:i}/{float:f}/{bool:b}/{uuid:u}"
		uuid  = "123e4567-e89b-12d3-a456-426614174000"
	)
	r := newRouter(t, router.Config{}, "/chat/room/lobby", typed, "/echo/{message}", "/v{int:version}-{name}", "/files/{path:rest}",
		"/five/{a}/{b}/{c}/{d}/{e}", "/b/{int:i}/x", "/b/{float:f}/y", "/b/{s}/z")
	type fields struct {
		I int64       `path:"i"`
		F float32     `path:"f"`
		B bool        `path:"b"`
		U router.UUID `path:"u"`
		S string      `path:"u"`
	}
	binder, err := router.NewBinder(reflect.TypeFor[fields](), typed)
	if err != nil {
		t.Fatal(err)
	}
	var m, used, bound router.Match
	dst := new(fields)
	lookup := func(m *router.Match, path string) func() {
		return func() { _, _ = r.Lookup(path, m) }
	}
	lookup(&bound, "/t/42/-2.5/true/"+uuid)()
	for _, tt := range []struct {
		name string
		want float64
		call func()
	}{
		{"text", 0, lookup(&m, "/chat/room/lobby")},
		{"typed", 0, lookup(&m, "/t/42/-2.5/true/"+uuid)},
		{"str", 0, lookup(&m, "/echo/hello")},
		{"str-raw-utf8", 0, lookup(&m, "/echo/你好")},
		{"mixed", 0, lookup(&m, "/v3-beta")},
		{"rest", 0, lookup(&m, "/files/a/b/c")},
		{"five-parameters-used-match", 0, lookup(&used, "/five/1/2/3/4/5")},
		{"backtracking", 0, lookup(&m, "/b/7/z")},
		{"not-found", 0, lookup(&m, "/b/7/w")},
		{"int-overflow", 0, lookup(&m, "/t/99999999999999999999999999/1/true/x")},
		{"not-utf8", 0, lookup(&m, "/echo/\xff")},
		{"decoded", 1, lookup(&m, "/echo/%E4%BD%A0%E5%A5%BD")},
		{"decoded-rest", 2, lookup(&m, "/files/%61/b")},
		{"local-match", 0, func() {
			var local router.Match
			if _, err := r.Lookup("/t/42/-2.5/true/"+uuid, &local); err != nil {
				t.Error(err)
			}
		}},
		{"getters", 0, func() {
			bound.Int("i")
			bound.Float("f")
			bound.Bool("b")
			bound.UUID("u")
			bound.String("u")
			for range bound.All() {
			}
		}},
		{"bind", 0, func() {
			if err := binder.Bind(dst, &bound); err != nil {
				t.Error(err)
			}
		}},
		{"detach", 1, func() {
			kept := bound
			kept.Detach()
		}},
	} {
		tt.call()
		if got := testing.AllocsPerRun(100, tt.call); got > tt.want {
			t.Errorf("%s: %v allocations, want %v", tt.name, got, tt.want)
		}
	}
}
