package router_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/router"
)

// named adds a route called "it" of pattern, and others.
func named(t *testing.T, c router.Config, pattern string, others ...string) *router.Router[string] {
	t.Helper()
	r := newRouter(t, c, others...)
	if err := r.Add(router.Route[string]{Pattern: pattern, Name: "it", Handler: "it"}); err != nil {
		t.Fatal(err)
	}
	return r
}

type userID int32

// URL writes what Lookup reads back, whatever the value's Go type.
func TestURL(t *testing.T) {
	for _, tt := range []struct {
		name, pattern string
		values        map[string]any
		want          string
	}{
		{"text", "/a/b", nil, "/a/b"},
		{"root", "/", nil, "/"},
		{"trailing-slash", "/a/", nil, "/a/"},
		{"chinese-text", "/聊天/a b%", nil, "/%E8%81%8A%E5%A4%A9/a%20b%25"},
		{"int", "/{int:x}", map[string]any{"x": 42}, "/42"},
		{"defined-int", "/{int:x}", map[string]any{"x": userID(42)}, "/42"},
		{"uint8", "/{int:x}", map[string]any{"x": uint8(255)}, "/255"},
		{"int-as-string", "/{int:x}", map[string]any{"x": "007"}, "/007"},
		{"int-into-str", "/{x}", map[string]any{"x": -7}, "/-7"},
		{"float", "/{float:x}", map[string]any{"x": -2.5}, "/-2.5"},
		{"float32", "/{float:x}", map[string]any{"x": float32(0.1)}, "/0.1"},
		{"large-float", "/{float:x}", map[string]any{"x": 1e22}, "/10000000000000000000000"},
		{"int-into-float", "/{float:x}", map[string]any{"x": -3}, "/-3"},
		{"bool", "/{bool:x}", map[string]any{"x": true}, "/true"},
		{"uuid", "/{uuid:x}", map[string]any{"x": exampleUUID}, "/123e4567-e89b-12d3-a456-426614174000"},
		{"array", "/{uuid:x}", map[string]any{"x": [16]byte(exampleUUID)}, "/123e4567-e89b-12d3-a456-426614174000"},
		{"stringer", "/{x}", map[string]any{"x": netip.MustParseAddr("::1")}, "/::1"},
		{"slash", "/{x}", map[string]any{"x": "a/b"}, "/a%2Fb"},
		{"everything", "/{x}", map[string]any{"x": "?#%&=+ \"<>;,你\x00"}, "/%3F%23%25&=+%20%22%3C%3E%3B%2C%E4%BD%A0%00"},
		{"rest", "/f/{path:x}", map[string]any{"x": "a b/c?/d/"}, "/f/a%20b/c%3F/d/"},
		{"regex", "/{x:[a-z]+}", map[string]any{"x": "abc"}, "/abc"},
		{"mixed", "/{name}.{ext}/v{int:v}", map[string]any{"name": "a b", "ext": "tar.gz", "v": 2}, "/a%20b.tar.gz/v2"},
		{"dots-inside-mixed", "/{x}-", map[string]any{"x": ".."}, "/..-"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := named(t, router.Config{}, tt.pattern)
			got, err := r.URL("it", tt.values)
			if got != tt.want || err != nil {
				t.Errorf("URL(%v) of %q = %q, %v, want %q", tt.values, tt.pattern, got, err, tt.want)
			}
		})
	}
	if got, err := named(t, router.Config{IgnoreTrailingSlash: true}, "/").URL("it", nil); got != "/" || err != nil {
		t.Errorf("URL of the root, trailing slashes ignored = %q, %v", got, err)
	}
	if got, err := named(t, router.Config{IgnoreTrailingSlash: true}, "/a/").URL("it", nil); got != "/a" || err != nil {
		t.Errorf("URL of /a/, trailing slashes ignored = %q, %v", got, err)
	}
}

// What would not lead back to the route is an error that says why.
func TestURLErrors(t *testing.T) {
	for _, tt := range []struct {
		name, pattern string
		values        map[string]any
		says          string
	}{
		{"missing", "/{x}", nil, "no value for parameter x"},
		{"unknown", "/{x}", map[string]any{"x": 1, "y": 2}, `no parameter "y"; it has x`},
		{"unknown-without-parameters", "/a", map[string]any{"y": 2}, "it has no parameters"},
		{"empty", "/{x}", map[string]any{"x": ""}, `"" doesn't match {str}`},
		{"negative", "/{int:x}", map[string]any{"x": -1}, `"-1" doesn't match {int}`},
		{"too-large", "/{int:x}", map[string]any{"x": ^uint64(0)}, "doesn't match {int}"},
		{"not-a-number", "/{int:x}", map[string]any{"x": "abc"}, `"abc" doesn't match {int}`},
		{"regex", "/{x:[a-z]+}", map[string]any{"x": "ABC"}, `"ABC" doesn't match {:[a-z]+}`},
		{"nil", "/{x}", map[string]any{"x": nil}, "a <nil> is no value"},
		{"slice", "/{x}", map[string]any{"x": []string{"a"}}, "a []string is no value"},
		{"short-array", "/{x}", map[string]any{"x": [4]byte{}}, "a [4]uint8 is no value"},
		{"dots", "/a/{x}/b", map[string]any{"x": ".."}, "clients resolve the dots in /a/../b"},
		{"dot", "/{x}", map[string]any{"x": "."}, "clients resolve the dots"},
		{"dots-by-text", "/.{x}", map[string]any{"x": "."}, "clients resolve the dots"},
		{"rest-climbs", "/{path:x}", map[string]any{"x": "a/../b"}, "doesn't match {path}"},
		{"rest-rooted", "/{path:x}", map[string]any{"x": "/a"}, "doesn't match {path}"},
		{"shadowed", "/u/{x}", map[string]any{"x": "me"}, "/u/me leads to /u/me, which is more specific"},
		{"shadowed-by-type", "/u/{x}", map[string]any{"x": 42}, "leads to /u/{int:id}"},
		{"ends-early", "/e/{x}-{y}", map[string]any{"x": "a-b", "y": "c"}, `with "a" for parameter x`},
		{"not-utf8", "/{x}", map[string]any{"x": "a\xff"}, "bad escape or isn't UTF-8"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := named(t, router.Config{}, tt.pattern, "/u/me", "/u/{int:id}")
			got, err := r.URL("it", tt.values)
			if err == nil || !strings.Contains(err.Error(), tt.says) || !strings.Contains(err.Error(), tt.pattern) {
				t.Errorf("URL(%v) of %q = %q, %v, want an error that says %q", tt.values, tt.pattern, got, err, tt.says)
			}
			if got != "" {
				t.Errorf("URL(%v) of %q = %q beside the error", tt.values, tt.pattern, got)
			}
		})
	}
	r := newRouter(t, router.Config{}, "/nameless")
	for _, name := range []string{"", "nobody"} {
		if got, err := r.URL(name, nil); err == nil {
			t.Errorf("URL(%q) = %q", name, got)
		}
	}
}

// Every value of a str comes back as it was.
func TestURLRoundTrip(t *testing.T) {
	r := named(t, router.Config{}, "/x/{a}/{path:b}")
	for c := range rune(0x300) {
		values := map[string]any{"a": string(c) + "a", "b": "b" + string(c) + "/"}
		path, err := r.URL("it", values)
		if err != nil {
			t.Fatal(err)
		}
		var m router.Match
		if _, err := r.Lookup(path, &m); err != nil {
			t.Fatalf("Lookup(%q): %v", path, err)
		}
		if diff := cmp.Diff(values, m.Map()); diff != "" {
			t.Errorf("%q (-want +got):\n%s", path, diff)
		}
	}
}
