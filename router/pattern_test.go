package router_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/router"
)

// Every way to spell a parameter, seen from the path that it matches.
func TestPatternSpellings(t *testing.T) {
	for _, tt := range []struct {
		name, pattern, path string
		want                map[string]any
	}{
		{"type-name", "/chat/user/{int:user_id}", "/chat/user/42", map[string]any{"user_id": int64(42)}},
		{"name-type", "/chat/user/{user_id:int}", "/chat/user/42", map[string]any{"user_id": int64(42)}},
		{"str-name", "/echo/{str:message}", "/echo/Hello", map[string]any{"message": "Hello"}},
		{"name-str", "/echo/{message:str}", "/echo/Hello", map[string]any{"message": "Hello"}},
		{"name-only", "/echo/{message}", "/echo/42", map[string]any{"message": "42"}},
		{"float-name", "/{float:x}", "/-2.50", map[string]any{"x": -2.5}},
		{"name-float", "/{x:float}", "/7", map[string]any{"x": 7.0}},
		{"bool-name", "/{bool:on}", "/true", map[string]any{"on": true}},
		{"name-bool", "/{on:bool}", "/false", map[string]any{"on": false}},
		{"uuid-name", "/{uuid:key}", "/123e4567-E89B-12d3-a456-426614174000", map[string]any{"key": exampleUUID}},
		{"name-uuid", "/{key:uuid}", "/123e4567-e89b-12d3-a456-426614174000", map[string]any{"key": exampleUUID}},
		{"path-rest", "/files/{path:rest}", "/files/a/b.txt", map[string]any{"rest": "a/b.txt"}},
		{"rest-path", "/files/{rest:path}", "/files/a/", map[string]any{"rest": "a/"}},
		{"regex", "/{code:[a-z]+}", "/abc", map[string]any{"code": "abc"}},
		{"regex-with-braces", "/{code:[a-z]{2,3}}/x", "/ab/x", map[string]any{"code": "ab"}},
		{"regex-with-escaped-brace", `/{code:\}+}`, "/}}", map[string]any{"code": "}}"}},
		{"regex-with-slash", "/{code:a/b?}", "/a%2fb", map[string]any{"code": "a/b"}},
		{"regex-with-colon", "/{code:a:[0-9]}", "/a:7", map[string]any{"code": "a:7"}},
		{"regex-with-choice", "/{code:a|bc}", "/bc", map[string]any{"code": "bc"}},
		{"chinese-name", "/{int:用户}", "/1", map[string]any{"用户": int64(1)}},
		{"underscore-name", "/{_a1}", "/1", map[string]any{"_a1": "1"}},
		{"several", "/t/{tenant}/x/{int:b}", "/t/acme/x/7", map[string]any{"tenant": "acme", "b": int64(7)}},
		{"text-before", "/v{int:version}", "/v12", map[string]any{"version": int64(12)}},
		{"text-behind", "/{name}.json", "/a.json.json", map[string]any{"name": "a.json"}},
		{"first-occurrence", "/{name}.{format}", "/a.tar.gz", map[string]any{"name": "a", "format": "tar.gz"}},
		{"three-in-a-segment", "/{int:y}-{int:m}-{int:d}", "/2026-11-22", map[string]any{"y": int64(2026), "m": int64(11), "d": int64(22)}},
		{"no-slash-in-front", "api/x", "/api/x", map[string]any{}},
		{"empty", "", "/", map[string]any{}},
		{"root", "/", "/", map[string]any{}},
		{"percent-that-is-no-escape", "/100%/x", "/100%25/x", map[string]any{}},
		{"space", "/a b", "/a%20b", map[string]any{}},
		{"chinese-text", "/聊天", "/%E8%81%8A%E5%A4%A9", map[string]any{}},
		{"chinese-text-raw", "/聊天", "/聊天", map[string]any{}},
		{"dots-with-text", "/.../..a", "/.../..a", map[string]any{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRouter(t, router.Config{}, tt.pattern)
			var m router.Match
			if _, err := r.Lookup(tt.path, &m); err != nil {
				t.Fatalf("Lookup(%q) in %q: %v", tt.path, tt.pattern, err)
			}
			if diff := cmp.Diff(tt.want, m.Map()); diff != "" {
				t.Errorf("Lookup(%q) in %q (-want +got):\n%s", tt.path, tt.pattern, diff)
			}
		})
	}
}

// What is no pattern is an error value that names the route and says what to change.
func TestInvalidPatterns(t *testing.T) {
	for _, tt := range []struct{ name, pattern, says string }{
		{"both-types", "/u/{int:str}", "write {int:name}"},
		{"same-type-twice", "/u/{int:int}", "both sides"},
		{"no-type", "/u/{foo:bar}", "the types are int, float, bool, uuid, str and path"},
		{"unknown-type", "/u/{Int:id}", "neither side of {Int:id} is a type"},
		{"hyphens-are-no-regex", "/u/{a:b-c}", "neither side"},
		{"type-without-name", "/u/{uuid}", "write {uuid:name}"},
		{"path-without-name", "/u/{path}", "write {path:name}"},
		{"regex-with-type-as-name", "/u/{int:[0-9]+}", "no name"},
		{"empty-name", "/u/{}", "no name"},
		{"empty-name-typed", "/u/{int:}", "no name"},
		{"empty-type", "/u/{name:}", "neither side"},
		{"name-with-space", "/u/{ int:id}", "neither side"},
		{"name-with-hyphen", "/u/{room-id}", "names are letters, digits and '_'"},
		{"name-with-digit-first", "/u/{int:1st}", "don't begin with a digit"},
		{"name-of-regex", "/u/{a b:[0-9]}", "no name"},
		{"bad-regex", "/u/{code:[a-z}", "nor a regular expression"},
		{"bad-regex-alone", "/u/{code:a)(b}", "nor a regular expression"},
		{"bad-regex-in-parentheses", `/u/{code:\Qab}`, "nor a regular expression"},
		{"unclosed", "/u/{int:id", "never closed"},
		{"unclosed-with-slash", "/u/{int:id/x", "never closed"},
		{"unclosed-escape", `/u/{code:a\}`, "never closed"},
		{"unopened", "/u/id}", "closes no brace"},
		{"unopened-behind", "/u/{id}}", "closes no brace"},
		{"name-twice", "/{id}/{int:id}", "two parameters are called id"},
		{"name-twice-in-segment", "/{id}-{id}", "two parameters are called id"},
		{"touching", "/{a}{b}", "put text or a slash behind"},
		{"path-not-last", "/{path:rest}/x", "move it to the end"},
		{"path-with-slash-behind", "/{path:rest}/", "move it to the end"},
		{"path-with-text-before", "/a{path:rest}", "whole segments"},
		{"path-with-text-behind", "/{path:rest}.txt", "whole segments"},
		{"path-with-parameter", "/{a}-{path:rest}", "whole segments"},
		{"two-slashes", "/a//b", "remove one"},
		{"two-slashes-in-front", "//a", "remove one"},
		{"two-slashes-behind", "/a//", "remove one"},
		{"dot", "/a/./b", "clients resolve"},
		{"dots", "/a/..", "clients resolve"},
		{"query", "/chat?room={id}", "read the query in the handler"},
		{"fragment", "/chat#top", "no part of a path"},
		{"escape", "/a%20b", `write ' '`},
		{"escape-behind-parameter", "/{a}%2Fb", `write '/'`},
		{"newline", "/a\nb", "control character"},
		{"c1-control", "/a\u0085b", "control character"},
		{"not-utf8", "/a\xffb", "UTF-8"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var r router.Router[string]
			err := r.Add(router.Route[string]{Pattern: tt.pattern, Source: "x_bp.go:7"})
			bad, ok := errors.AsType[*router.RouteError](err)
			if !ok || !errors.Is(err, router.ErrPattern) {
				t.Fatalf("Add(%q) = %v, want a RouteError of ErrPattern", tt.pattern, err)
			}
			if bad.Pattern != tt.pattern || bad.Source != "x_bp.go:7" || bad.Other != "" {
				t.Errorf("Add(%q): error names %q, %q, %q", tt.pattern, bad.Pattern, bad.Source, bad.Other)
			}
			if !strings.Contains(bad.Reason, tt.says) {
				t.Errorf("Add(%q): reason %q doesn't say %q", tt.pattern, bad.Reason, tt.says)
			}
			if got := r.Routes(); len(got) != 0 {
				t.Errorf("Add(%q) left %v behind", tt.pattern, got)
			}
		})
	}
}

// With the option a slash at the end is no part of a pattern, wherever it would otherwise matter.
func TestPatternIgnoringSlash(t *testing.T) {
	r := newRouter(t, router.Config{IgnoreTrailingSlash: true}, "/files/{path:rest}/", "/", "/a/")
	for path, want := range map[string]string{
		"/": "/", "/a": "/a/", "/a/": "/a/", "/files/x": "/files/{path:rest}/", "/files/x/": "/files/{path:rest}/",
		"//": "", "/a//": "", "/files/": "", "/files": "",
	} {
		if got := found(r, path); got != want {
			t.Errorf("Lookup(%q) = %q, want %q", path, got, want)
		}
	}
	for _, pattern := range []string{"/a", "", "/files/{path:x}"} {
		if err := r.Add(router.Route[string]{Pattern: pattern}); !errors.Is(err, router.ErrConflict) {
			t.Errorf("Add(%q) = %v, want ErrConflict", pattern, err)
		}
	}
	if err := r.Add(router.Route[string]{Pattern: "/b//"}); !errors.Is(err, router.ErrPattern) {
		t.Errorf("Add of two slashes = %v, want ErrPattern", err)
	}
}
