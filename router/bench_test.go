package router_test

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/godwit-ws/godwit/router"
)

// routesOf returns a Router with n routes of the usual shapes, all below one prefix.
func routesOf(tb testing.TB, n int) *router.Router[string] {
	shapes := []string{"/api/r%d", "/api/r%d/{int:id}", "/api/r%d/{int:id}/messages/{name}", "/api/u/{name}/r%d", "/api/u/{int:id}/r%d"}
	patterns := make([]string, n)
	for i := range patterns {
		patterns[i] = fmt.Sprintf(shapes[i%len(shapes)], i/len(shapes))
	}
	return newRouter(tb, router.Config{}, patterns...)
}

func BenchmarkLookup(b *testing.B) {
	for _, n := range []int{10, 1000, 10000} {
		r := routesOf(b, n)
		last := n/5 - 1
		for _, path := range []struct{ kind, path string }{
			{"text", fmt.Sprintf("/api/r%d", last)},
			{"int", fmt.Sprintf("/api/r%d/42", last)},
			{"two", fmt.Sprintf("/api/r%d/42/messages/hello", last)},
			{"backtrack", fmt.Sprintf("/api/u/42/r%d", last)},
			{"escaped", fmt.Sprintf("/api/u/%%E4%%BD%%A0/r%d", last)},
			{"none", "/api/u/42/nothing"},
		} {
			b.Run(fmt.Sprintf("routes=%d/path=%s", n, path.kind), func(b *testing.B) {
				var m router.Match
				b.ReportAllocs()
				for b.Loop() {
					if _, err := r.Lookup(path.path, &m); (err != nil) != (path.kind == "none") {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkAdd builds a Router of n routes.
func BenchmarkAdd(b *testing.B) {
	for _, n := range []int{10, 1000, 10000} {
		b.Run(fmt.Sprintf("routes=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				routesOf(b, n)
			}
		})
	}
}

func BenchmarkBind(b *testing.B) {
	type room struct {
		Tenant string `path:"tenant"`
		ID     int64  `path:"id"`
	}
	const pattern = "/t/{tenant}/{int:id}"
	binder, err := router.NewBinder(reflect.TypeFor[room](), pattern)
	if err != nil {
		b.Fatal(err)
	}
	var m router.Match
	if _, err := newRouter(b, router.Config{}, pattern).Lookup("/t/acme/42", &m); err != nil {
		b.Fatal(err)
	}
	dst := new(room)
	b.ReportAllocs()
	for b.Loop() {
		if err := binder.Bind(dst, &m); err != nil {
			b.Fatal(err)
		}
	}
}
