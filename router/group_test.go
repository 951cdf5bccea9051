package router_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/router"
)

type (
	group      = router.Group[string, string]
	groupRoute = router.GroupRoute[string, string]
)

// route returns a route of a group, whose handler is its pattern as written.
func route(pattern, name string, middleware ...string) groupRoute {
	return groupRoute{Route: router.Route[string]{Pattern: pattern, Name: name, Handler: pattern}, Middleware: middleware}
}

// Prefix and path become one path; a slash between them is never missing nor doubled.
func TestGroupPrefix(t *testing.T) {
	for _, tt := range []struct{ prefix, path, want string }{
		{"", "", "/"},
		{"/", "/", "/"},
		{"", "x", "/x"},
		{"/", "/x", "/x"},
		{"/a///", "/x", "/a/x"},
		{"api", "x", "/api/x"},
		{"/chat", "noslash", "/chat/noslash"},
		{"/chat", "", "/chat"},
		{"/chat/", "", "/chat"},
		{"/chat", "/", "/chat/"},
		{"/chat", "x/", "/chat/x/"},
		{"/t/{tenant}", "/x/{int:b}", "/t/{tenant}/x/{int:b}"},
	} {
		g := group{Prefix: tt.prefix, Routes: []groupRoute{route(tt.path, "")}}
		flat, err := g.Flatten()
		if err != nil || len(flat) != 1 || flat[0].Pattern != tt.want {
			t.Errorf("route %q under %q: %v, %v, want %q", tt.path, tt.prefix, flat, err, tt.want)
			continue
		}
		var r router.Router[string]
		if err := r.Add(flat[0].Route); err != nil {
			t.Errorf("route %q under %q: %v", tt.path, tt.prefix, err)
		}
	}
}

// A tree gives its routes in order, with what the groups around them share.
func TestGroupNesting(t *testing.T) {
	inner := &group{
		Prefix: "admin", Name: "admin", Middleware: []string{"auth"},
		Routes: []groupRoute{route("users/{int:id}", "user", "audit"), route("stats", "")},
		Groups: []*group{{Prefix: "x", Routes: []groupRoute{route("deep", "deep")}}},
	}
	outer := group{
		Prefix: "/api", Name: "api", Middleware: []string{"log", "recover"},
		Routes: []groupRoute{route("", "index")},
		Groups: []*group{inner, {Prefix: "{tenant}", Groups: []*group{inner}}},
	}
	want := []groupRoute{
		{Route: router.Route[string]{Pattern: "/api", Name: "api.index"}, Middleware: []string{"log", "recover"}},
		{Route: router.Route[string]{Pattern: "/api/admin/users/{int:id}", Name: "api.admin.user", Handler: "users/{int:id}"}, Middleware: []string{"log", "recover", "auth", "audit"}},
		{Route: router.Route[string]{Pattern: "/api/admin/stats", Handler: "stats"}, Middleware: []string{"log", "recover", "auth"}},
		{Route: router.Route[string]{Pattern: "/api/admin/x/deep", Name: "api.admin.deep", Handler: "deep"}, Middleware: []string{"log", "recover", "auth"}},
		{Route: router.Route[string]{Pattern: "/api/{tenant}/admin/users/{int:id}", Name: "api.admin.user", Handler: "users/{int:id}"}, Middleware: []string{"log", "recover", "auth", "audit"}},
		{Route: router.Route[string]{Pattern: "/api/{tenant}/admin/stats", Handler: "stats"}, Middleware: []string{"log", "recover", "auth"}},
		{Route: router.Route[string]{Pattern: "/api/{tenant}/admin/x/deep", Name: "api.admin.deep", Handler: "deep"}, Middleware: []string{"log", "recover", "auth"}},
	}
	for range 2 { // flattening changes nothing
		got, err := outer.Flatten()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("Flatten (-want +got):\n%s", diff)
		}
		for i := range got { // nor do the results share memory with the groups or one another
			for j := range got[i].Middleware {
				got[i].Middleware[j] = "changed"
			}
		}
	}
}

// A group that contains itself is an error, not an endless loop; so is a nil one.
func TestGroupCycle(t *testing.T) {
	a, b := &group{Prefix: "a"}, &group{Prefix: "b"}
	a.Groups, b.Groups = []*group{b}, []*group{a}
	self := &group{Prefix: "{int:id}"}
	self.Groups = []*group{self}
	for _, tt := range []struct {
		g    *group
		says string
	}{
		{a, `"/a/b/a": the group contains itself`},
		{self, "contains itself"},
		{&group{Prefix: "c", Groups: []*group{nil}}, `"/c": a group inside it is nil`},
		{nil, "nil"},
	} {
		flat, err := tt.g.Flatten()
		if !errors.Is(err, router.ErrPattern) || !strings.Contains(err.Error(), tt.says) || flat != nil {
			t.Errorf("Flatten = %v, %v, want an error that says %q", flat, err, tt.says)
		}
	}
}

// A group goes in as a whole or not at all.
func TestGroupIsAtomic(t *testing.T) {
	g := group{Prefix: "/chat", Routes: []groupRoute{route("fine", ""), route("{int:str}", ""), route("also-fine", "")}}
	flat, err := g.Flatten()
	if err != nil {
		t.Fatal(err)
	}
	var batch []router.Route[string]
	for _, route := range flat {
		batch = append(batch, route.Route)
	}
	var r router.Router[string]
	err = r.Add(batch...)
	bad, ok := errors.AsType[*router.RouteError](err)
	if !ok || bad.Pattern != "/chat/{int:str}" {
		t.Errorf("Add = %v, want an error that names the route with its prefix", err)
	}
	if found(&r, "/chat/fine") != "" || len(r.Routes()) != 0 {
		t.Errorf("half a group was added: %v", r.Routes())
	}
}
