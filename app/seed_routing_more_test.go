package app_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
)

// reversed returns the elements of all in a new slice, the last first.
func reversed(all []string) []string {
	all = slices.Clone(all)
	slices.Reverse(all)
	return all
}

func TestSeed044Types(t *testing.T) {
	const id = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
	wantRoutes(t, app.RouterConfig{}, []string{"/f/{float:x}", "/b/{bool:on}", "/k/{uuid:key}", "/files/{path:rest}"}, []found{
		{"/f/-2.50", "/f/{float:x} x=float64(-2.5)"},
		{"/f/x", "404"},
		{"/b/true", "/b/{bool:on} on=bool(true)"},
		{"/b/maybe", "404"},
		{"/k/" + id, "/k/{uuid:key} key=router.UUID(" + id + ")"},
		{"/k/" + id[1:], "404"},
		{"/files/a/b.txt", "/files/{path:rest} rest=string(a/b.txt)"},
		{"/files/../secret", "404"},
		{"/files/%2e%2e/secret", "404"},
	})
}

// everything has a field for each type of parameter.
type everything struct {
	app.Application
	N    int64   `path:"n"`
	X    float64 `path:"x"`
	On   bool    `path:"on"`
	Name string  `path:"name"`
	Rest string  `path:"rest"`
}

func (e *everything) OnOpen(c *app.Conn) error {
	x, _ := c.Params().Float("x")
	on, _ := c.Params().Bool("on")
	byName := fmt.Sprintln(c.Int("n"), x, on, c.Param("name"), c.Param("rest"))
	byField := fmt.Sprintln(e.N, e.X, e.On, e.Name, e.Rest)
	if byName != byField {
		return fmt.Errorf("by name %s, by field %s", byName, byField)
	}
	r := c.Request()
	return c.SendText(strings.Join([]string{strings.TrimSuffix(byName, "\n"), r.Query().Get("q"), r.Header("X-Test"), r.Pattern(), r.Path()}, " "))
}

func TestSeed044TypedGetters(t *testing.T) {
	const pattern = "/{int:n}/{float:x}/{bool:on}/{name}/{path:rest}"
	_, url := serve(t, app.Config{}, func(r *app.Router) {
		route(t, r, pattern, func() any { return new(everything) })
	})
	c := dialWith(t, &conn.Dialer{Header: http.Header{"X-Test": {"header"}}}, url+"/1/2.5/true/a%2Fb/c/d?q=query")
	c.want("1 2.5 true a/b c/d query header " + pattern + " /1/2.5/true/a%2Fb/c/d")
}

func TestSeed044Listing(t *testing.T) {
	r := app.NewRouter(app.RouterConfig{Logger: slog.New(slog.DiscardHandler)})
	err := r.Add(
		app.Endpoint{Path: "/b/{int:id}", Name: "b", New: func() any { return new(everything) }},
		app.Endpoint{Path: "/a", New: newGreeterless},
	)
	if err == nil {
		t.Fatal("a handler with fields that the path doesn't fill was taken")
	}
	if len(r.Routes()) != 0 {
		t.Errorf("of two endpoints one was added: %v", r.Routes())
	}
	err = r.Add(
		app.Endpoint{Path: "/b/{int:id}", Name: "b", New: newGreeterless},
		app.Endpoint{Path: "/a", New: newGreeterless},
	)
	if err != nil {
		t.Fatal(err)
	}
	got := r.Routes()
	for i := range got {
		if !strings.Contains(got[i].Source, "seed_routing_more_test.go:") {
			t.Errorf("source %q", got[i].Source)
		}
		got[i].Source = ""
	}
	want := []app.RouteInfo{{Pattern: "/a", Handler: "acts"}, {Pattern: "/b/{int:id}", Name: "b", Handler: "acts"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Routes() (-want +got):\n%s", diff)
	}
	if url, err := r.URL("b", map[string]any{"id": 7}); err != nil || url != "/b/7" {
		t.Errorf("URL = %q, %v", url, err)
	}
}

// What a lookup costs, however many routes there are, is measured in package router.
func TestSeed044ThousandRoutes(t *testing.T) {
	var paths []found
	var patterns []string
	for i := range 1000 {
		patterns = append(patterns, fmt.Sprintf("/r%d/{int:id}", i))
	}
	for _, i := range []int{0, 500, 999} {
		paths = append(paths, found{fmt.Sprintf("/r%d/7", i), patterns[i] + " id=int64(7)"})
	}
	paths = append(paths, found{"/r1000/7", "404"})
	wantRoutes(t, app.RouterConfig{}, patterns, paths)
}
