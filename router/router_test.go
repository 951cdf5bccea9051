package router_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/router"
)

// Routes of one shape are one route, however they are spelt.
func TestConflictByShape(t *testing.T) {
	for _, tt := range []struct {
		name, first, second string
		conflict            bool
	}{
		{"same", "/u/{int:id}", "/u/{int:id}", true},
		{"sides", "/u/{int:id}", "/u/{id:int}", true},
		{"names", "/u/{int:id}", "/u/{int:x}", true},
		{"default-type", "/u/{id}", "/u/{str:x}", true},
		{"slash-in-front", "u", "/u", true},
		{"root", "", "/", true},
		{"regexes", "/u/{a:[a-z]+}", "/u/{b:[a-z]+}", true},
		{"rest", "/u/{path:a}", "/u/{b:path}", true},
		{"mixed", "/u/{a}-{int:b}", "/u/{c:str}-{d:int}", true},
		{"inside", "/u/{int:a}/x", "/u/{int:b}/x", true},
		{"types", "/u/{int:id}", "/u/{float:id}", false},
		{"other-regex", "/u/{a:[a-z]+}", "/u/{a:[a-z]*}", false},
		{"text", "/u/me", "/u/{name}", false},
		{"case", "/u", "/U", false},
		{"trailing-slash", "/u", "/u/", false},
		{"other-text-inside", "/u/{a}-{b}", "/u/{a}.{b}", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var r router.Router[int]
			if err := r.Add(router.Route[int]{Pattern: tt.first, Handler: 1, Source: "a_bp.go:3"}); err != nil {
				t.Fatal(err)
			}
			err := r.Add(router.Route[int]{Pattern: tt.second, Handler: 2, Source: "b_bp.go:7"})
			if got := errors.Is(err, router.ErrConflict); got != tt.conflict {
				t.Fatalf("Add(%q) after %q: %v, want conflict %v", tt.second, tt.first, err, tt.conflict)
			}
			if !tt.conflict {
				return
			}
			for _, part := range []string{tt.first, tt.second, "a_bp.go:3", "b_bp.go:7", "change or remove"} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error %q doesn't name %q", err, part)
				}
			}
			if routes := r.Routes(); len(routes) != 1 || routes[0].Handler != 1 {
				t.Errorf("the first route must stay alone, have %v", routes)
			}
		})
	}
}

// Add adds all routes or none, and reports all that are wrong.
func TestAddAllOrNone(t *testing.T) {
	r := newRouter(t, router.Config{}, "/taken", "/u/{id}")
	err := r.Add(
		router.Route[string]{Pattern: "/new/{a}", Name: "new", Handler: "new"},
		router.Route[string]{Pattern: "/taken"},
		router.Route[string]{Pattern: "/bad/{"},
		router.Route[string]{Pattern: "/new/{b}"},
		router.Route[string]{Pattern: "/other", Name: "new"},
		router.Route[string]{Pattern: "/fine/{x:[a-z]+}"},
	)
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("Add = %v, want joined errors", err)
	}
	type refusal struct {
		Pattern, Other string
		Err            error
	}
	var got []refusal
	for _, err := range joined.Unwrap() {
		e, ok := errors.AsType[*router.RouteError](err)
		if !ok {
			t.Fatalf("%v is no RouteError", err)
		}
		got = append(got, refusal{e.Pattern, e.Other, e.Err})
	}
	want := []refusal{
		{"/taken", "/taken", router.ErrConflict},
		{"/bad/{", "", router.ErrPattern},
		{"/new/{b}", "/new/{a}", router.ErrConflict},
		{"/other", "/new/{a}", router.ErrConflict},
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b error) bool { return a == b })); diff != "" {
		t.Errorf("refusals (-want +got):\n%s", diff)
	}
	if len(r.Routes()) != 2 {
		t.Errorf("routes after the failure: %v", r.Routes())
	}
	for _, path := range []string{"/new/1", "/other", "/fine/x"} {
		if got := found(r, path); got != "" {
			t.Errorf("Lookup(%q) = %q after Add failed", path, got)
		}
	}
	if _, err := r.URL("new", map[string]any{"a": 1}); err == nil {
		t.Error("a name was left behind by a failed Add")
	}
	// What was refused for company's sake can be added later.
	if err := r.Add(router.Route[string]{Pattern: "/new/{a}", Name: "new", Handler: "new"}); err != nil || found(r, "/new/1") != "new" {
		t.Errorf("Add after the failure: %v, found %q", err, found(r, "/new/1"))
	}
}

// Names are unique within a router, also across calls; patterns with a per cent sign don't disturb.
func TestNamesAreUnique(t *testing.T) {
	var r router.Router[int]
	if err := r.Add(router.Route[int]{Pattern: "/a", Name: "100%d"}, router.Route[int]{Pattern: "/b"}, router.Route[int]{Pattern: "/c"}); err != nil {
		t.Fatal(err)
	}
	err := r.Add(router.Route[int]{Pattern: "/50%s", Name: "100%d"})
	const want = `router: route "/50%s": it has the name "100%d" of "/a", which was there first; change or remove one of the two`
	if !errors.Is(err, router.ErrConflict) || err.Error() != want {
		t.Errorf("Add with a taken name = %v, want %s", err, want)
	}
}

// The list is sorted by pattern, complete, and a copy.
func TestRoutes(t *testing.T) {
	var r router.Router[string]
	routes := []router.Route[string]{
		{Pattern: "z", Name: "last", Handler: "Z", Source: "z_bp.go:1"},
		{Pattern: "/a/{x:int}", Name: "first", Handler: "A", Source: "a_bp.go:1"},
		{Pattern: "/m/", Handler: "M"},
	}
	if err := r.Add(routes...); err != nil {
		t.Fatal(err)
	}
	want := []router.Route[string]{routes[1], routes[2], {Pattern: "/z", Name: "last", Handler: "Z", Source: "z_bp.go:1"}}
	got := r.Routes()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("Routes (-want +got):\n%s", diff)
	}
	got[0].Handler = "changed"
	if found(&r, "/a/1") != "A" {
		t.Error("changing the list changed the router")
	}
}

// Any number of goroutines may look up, build and list at once (for the race detector).
func TestConcurrentReads(t *testing.T) {
	var r router.Router[int]
	for i := range 50 {
		if err := r.Add(router.Route[int]{Pattern: fmt.Sprintf("/r%d/{int:n}/{s:[a-z]+}", i), Name: fmt.Sprint(i), Handler: i}); err != nil {
			t.Fatal(err)
		}
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			var m router.Match
			for i := range 50 {
				path, err := r.URL(fmt.Sprint(i), map[string]any{"n": i, "s": "abc"})
				if err != nil {
					t.Error(err)
				}
				if got, err := r.Lookup(path, &m); err != nil || got != i {
					t.Errorf("Lookup(%q) = %d, %v", path, got, err)
				}
			}
			if len(r.Routes()) != 50 {
				t.Error("routes are missing")
			}
		})
	}
	group.Wait()
}

func TestStatus(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want int
	}{
		{router.ErrNotFound, 404},
		{fmt.Errorf("app: %w", router.ErrNotFound), 404},
		{router.ErrBadPath, 400},
		{router.ErrConflict, 500},
		{nil, 500},
	} {
		if got := router.Status(tt.err); got != tt.want {
			t.Errorf("Status(%v) = %d, want %d", tt.err, got, tt.want)
		}
	}
}
