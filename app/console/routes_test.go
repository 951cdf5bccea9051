package console_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/app/console"
)

// routeInfo is a route as the page gets it.
type routeInfo struct {
	Pattern, Handler, Source string
	Pieces                   []struct{ Text, Name, Type string }
}

func TestRoutes(t *testing.T) {
	srv := server(t, app.Config{})
	if err := srv.Router().AddRoute("/{code:[a-z]{2}}/log", newRoomless); err != nil {
		t.Fatal(err)
	}
	var got []routeInfo
	decode(t, console.New(srv, console.Config{Allow: everybody}), "/?routes", &got)
	for i := range got {
		if !strings.Contains(got[i].Source, "_test.go:") {
			t.Errorf("%s was written in %s", got[i].Pattern, got[i].Source)
		}
		got[i].Source = ""
	}
	type pieces = []struct{ Text, Name, Type string }
	want := []routeInfo{
		{"/members", "Application", "", pieces{{Text: "/members"}}},
		{"/room/{int:id}", "room", "", pieces{{Text: "/room/"}, {Name: "id", Type: "int"}}},
		{"/{code:[a-z]{2}}/log", "Application", "", pieces{{Text: "/"}, {Name: "code", Type: "[a-z]{2}"}, {Text: "/log"}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func newRoomless() any { return new(app.Application) }

func TestNoRoutes(t *testing.T) {
	srv, err := app.New(app.Config{})
	if err != nil {
		t.Fatal(err)
	}
	w := get(console.New(srv, console.Config{Allow: everybody}), "/?routes", nil)
	if got := w.Body.String(); got != "[]\n" {
		t.Errorf("%q, want an empty list", got)
	}
}
