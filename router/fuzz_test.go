package router_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/router"
)

// FuzzPattern adds any text as a pattern: it is refused with an error that names it, or is a route like
// any other: a second one conflicts, and what a path gives to it, URL turns back into a path.
func FuzzPattern(f *testing.F) {
	for _, seed := range [][2]string{
		{"/chat/user/{int:id}", "/chat/user/42"},
		{"/u/{id:float}/", "/u/-1.5/"},
		{"{name}.{ext}/v{int:v}", "/a.tar.gz/v7"},
		{"/{code:[a-z]{2,3}}", "/abc"},
		{"/{code:\\Qab}", "/ab"},
		{"/{code:a)(b}", "/a"},
		{"/{code:\\}[{]}", "/}{"},
		{"/f/{path:rest}", "/f/%2e/a"},
		{"/{bool:b}/{uuid:u}", "/true/123e4567-e89b-12d3-a456-426614174000"},
		{"/聊天/{房间}", "/%E8%81%8A%E5%A4%A9/x"},
		{"/{", "/{"}, {"/}", "/}"}, {"/{}", "/"}, {"/{:}", "/:"}, {"/{a:}", "/a"}, {"/{int}", "/int"},
		{"/a%20b", "/a b"}, {"/100%", "/100%25"}, {"//", "//"}, {"/..", "/.."}, {".{x}", "/.."}, {"/\xff", "/%ff"}, {"", ""},
		{"/{a}{b}", "/ab"}, {"/{a}/{a}", "/a/a"}, {"/?a", "/%3Fa"}, {"/{int:str}", "/1"}, {"/{a}\u0085", "/a"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, pattern, path string) {
		r := router.New[int](router.Config{IgnoreTrailingSlash: len(pattern)%2 == 1})
		err := r.Add(router.Route[int]{Pattern: pattern, Name: "it", Handler: 1})
		rooted := "/" + strings.TrimPrefix(pattern, "/")
		if err != nil {
			bad, ok := errors.AsType[*router.RouteError](err)
			if !ok || bad.Err != router.ErrPattern || bad.Pattern != rooted || bad.Reason == "" || len(r.Routes()) != 0 {
				t.Fatalf("Add(%q): %#v, with %v left", pattern, err, r.Routes())
			}
			return
		}
		if routes := r.Routes(); len(routes) != 1 || routes[0].Pattern != rooted {
			t.Fatalf("Add(%q) listed as %v", pattern, routes)
		}
		if err := r.Add(router.Route[int]{Pattern: pattern}); !errors.Is(err, router.ErrConflict) {
			t.Fatalf("Add(%q) again: %v", pattern, err)
		}
		if _, err := router.NewBinder(reflect.TypeFor[struct{}](), pattern); err != nil {
			t.Fatalf("NewBinder(%q): %v", pattern, err)
		}
		checkRoundTrip(t, r, path)
	})
}

// checkRoundTrip looks path up. If it leads to the route called "it", URL must build a path from its
// values that leads back.
func checkRoundTrip(t *testing.T, r *router.Router[int], path string) {
	t.Helper()
	var m router.Match
	handler, err := r.Lookup(path, &m)
	if err != nil {
		if router.Status(err) == 500 || handler != 0 || m.Len() != 0 {
			t.Fatalf("Lookup(%q) = %d, %v with %v", path, handler, err, m.Map())
		}
		return
	}
	values := make(map[string]any)
	for name, text := range m.All() {
		values[name] = text
	}
	if len(values) != m.Len() || len(m.Map()) != m.Len() {
		t.Fatalf("Lookup(%q): %d parameters, values %v", path, m.Len(), values)
	}
	// URL makes sure of the way back itself; only dots can't be sent.
	if _, err := r.URL("it", values); err != nil && !strings.Contains(err.Error(), "clients resolve the dots") {
		t.Fatalf("%q with %v of %q: %v", m.Pattern(), values, path, err)
	}
}

// FuzzLookup looks any path up in a router that has all kinds of routes, strictly and with trailing
// slashes ignored, and in its double.
func FuzzLookup(f *testing.F) {
	for _, seed := range []string{
		"/", "", "*", "//", "/a", "/a/", "/me/7", "/me/%37", "/42/x", "/-1.50", "/9223372036854775808", "/true/a", "/v12", "/vv1/a", "/v%FF",
		"/123e4567-e89b-12d3-a456-426614174000/a", "/abc", "/xyz", "/a.b.c/7", "/a/b/c/d", "/a/b/../c", "/a/b/%2e%2E", "/a/b//c", "/a/%",
		"/a/b/%2Fc", "/a%2Fb", "/%E4%BD%A0%E5%A5%BD", "/你好/", "/\xff", "/%ED%A0%80", "/\x00", "/%00/a", "/a/b/c%2F", "/7/7/7/7/7/7/7",
	} {
		f.Add(seed)
	}
	models := [2]model{}
	for i := range models {
		models[i] = everyRoute(f, router.Config{IgnoreTrailingSlash: i == 1})
	}
	f.Fuzz(func(t *testing.T, path string) {
		for i := range models {
			models[i].lookup(t, path)
		}
	})
}

// everyRoute returns a model with a route for every piece, alone and before and behind some others.
func everyRoute(tb testing.TB, c router.Config) model {
	m := model{real: router.New[string](c), double: double{ignoreSlash: c.IgnoreTrailingSlash}}
	routes := [][]piece{{restPiece}, {pieces[0], restPiece}, {pieces[0], pieces[16], restPiece}, {pieces[1], slashPiece}, {pieces[16], slashPiece}}
	for _, p := range pieces {
		routes = append(routes, []piece{p}, []piece{p, pieces[0]}, []piece{pieces[1], p}, []piece{pieces[16], p, pieces[2]})
	}
	for _, made := range routes {
		if m.double.has(made) {
			continue
		}
		var b strings.Builder
		for i, p := range made {
			name := string(rune('p' + i))
			b.WriteString("/" + strings.Replace(strings.Replace(p.spellings[0], "#", name+"1", 1), "#", name+"2", 1))
		}
		if err := m.real.Add(router.Route[string]{Pattern: b.String(), Handler: b.String()}); err != nil {
			tb.Fatal(err)
		}
		m.double.add(b.String(), made)
	}
	return m
}
