package router_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/router"
)

// Which paths a parameter takes: the value as text, "" for no match.
func TestParameterTypes(t *testing.T) {
	const big = "99999999999999999999999999999999999999"
	for _, tt := range []struct {
		pattern string
		takes   []string // without a '%', so that they are their own value
		refuses []string
	}{
		{"/{int:x}",
			[]string{"42", "0", "007", "9223372036854775807", "000000000000000000000000042"},
			[]string{"", "-42", "+42", "abc", "9223372036854775808", "18446744073709551616", big, "1.0", "1e3", "0x10", "1_000", "٣", "4 2", " 42", "42/"}},
		{"/{float:x}",
			[]string{"1", "-1", "0.5", "-0", "007.50", big, "1.7976931348623157" + strings.Repeat("0", 10)},
			[]string{"", "-", ".", "1.", ".5", "-.5", "+1", "1e3", "NaN", "Inf", "-Inf", "infinity", "0x1p-2", "1_0", "1.2.3", "--1", "1-", "٣", strings.Repeat("9", 400)}},
		{"/{bool:x}",
			[]string{"true", "false"},
			[]string{"", "True", "TRUE", "1", "0", "t", "f", "yes", "truefalse"}},
		{"/{uuid:x}",
			[]string{"123e4567-e89b-12d3-a456-426614174000", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"},
			[]string{"", "123e4567e89b12d3a456426614174000", "{123e4567-e89b-12d3-a456-426614174000}", "123e4567-e89b-12d3-a456-42661417400", "123e4567-e89b-12d3-a456-42661417400g",
				"123e4567-e89b-12d3-a456-4266141740000", "123e4567-e89b-12d3-a4564-26614174000", "123e4567-e89b-12d3-a456-٣6614174000"}},
		{"/{str:x}",
			[]string{"x.y-z~", "你好", "a;p=1", "a+b", "a:b@c", "..", " "},
			[]string{"", "a/b", "a/"}},
		{"/{x:[a-z]+}",
			[]string{"abc"},
			[]string{"", "Abc", "abc1", "1abc", "abc\n", "abc/"}},
		{"/{x:.*}",
			[]string{"abc", "x.y"},
			[]string{"", "a/b"}},
		{"/{x:a|b}",
			[]string{"a", "b"},
			[]string{"ab", "ac", "xb"}},
		{"/{path:x}",
			[]string{"a", "a/b", "a//b", "a/b/", ".a/..b/...", "你好/x"},
			[]string{"", "/a", "..", ".", "a/../b", "./a", "a/.", "a/.."}},
		{"/v{int:x}.json",
			nil,
			[]string{"", "v", "v1", "v.json", "v1.jso", "V1.json", "xv1.json", "v-1.json", "v1.json/"}},
	} {
		r := newRouter(t, router.Config{}, tt.pattern)
		var m router.Match
		for _, text := range tt.takes {
			if _, err := r.Lookup("/"+text, &m); err != nil {
				t.Errorf("%s: Lookup(/%s): %v", tt.pattern, text, err)
			} else if got, ok := m.String("x"); got != text || !ok {
				t.Errorf("%s: Lookup(/%s): value %q, %v", tt.pattern, text, got, ok)
			}
		}
		for _, text := range tt.refuses {
			if got, err := r.Lookup("/"+text, &m); err != router.ErrNotFound || got != "" {
				t.Errorf("%s: Lookup(/%s) = %q, %v, want ErrNotFound", tt.pattern, text, got, err)
			}
		}
	}
}

// Paths are matched as a whole, with respect to case, with text as it stands.
func TestExactMatch(t *testing.T) {
	r := newRouter(t, router.Config{}, "/chat/dot.path", "/echo/{message}", "/slash/", "/noslash", "/a(b)*")
	for path, want := range map[string]string{
		"/chat/dot.path":   "/chat/dot.path",
		"/chat/dotXpath":   "",
		"/chat/DOT.PATH":   "",
		"/chat":            "",
		"/chat/dot.path/x": "",
		"x/chat/dot.path":  "",
		"/x/chat/dot.path": "",
		"/echo/Hello":      "/echo/{message}",
		"/echo/Hello/":     "",
		"/echo/":           "",
		"/echo":            "",
		"/slash/":          "/slash/",
		"/slash":           "",
		"/noslash":         "/noslash",
		"/noslash/":        "",
		"//echo/Hello":     "",
		"/./echo/Hello":    "",
		"/x/../noslash":    "",
		"/a(b)*":           "/a(b)*",
		"/abb":             "",
		"/":                "",
		"":                 "",
		"*":                "",
		"echo/Hello":       "",
	} {
		if got := found(r, path); got != want {
			t.Errorf("Lookup(%q) = %q, want %q", path, got, want)
		}
	}
}

// Segments are decoded after the path is split; a bad escape is a bad request.
func TestEscapes(t *testing.T) {
	r := newRouter(t, router.Config{}, "/echo/{message}", "/files/{path:rest}", "/a b/c", "/n/{int:n}", "/at/@{name}")
	for _, tt := range []struct{ name, path, pattern, value string }{
		{"browser", "/echo/%E4%BD%A0%E5%A5%BD", "/echo/{message}", "你好"},
		{"raw-utf8", "/echo/你好", "/echo/{message}", "你好"},
		{"raw-and-escaped", "/echo/你%E5%A5%BD", "/echo/{message}", "你好"},
		{"slash", "/echo/a%2Fb", "/echo/{message}", "a/b"},
		{"slash-lower-case", "/echo/a%2fb", "/echo/{message}", "a/b"},
		{"percent", "/echo/100%25", "/echo/{message}", "100%"},
		{"once-only", "/echo/%2541", "/echo/{message}", "%41"},
		{"plus-is-plus", "/echo/a+b", "/echo/{message}", "a+b"},
		{"nul", "/echo/%00", "/echo/{message}", "\x00"},
		{"text", "/%61%20b/%63", "/a b/c", ""},
		{"digits", "/n/%34%32", "/n/{int:n}", "42"},
		{"text-and-parameter", "/at/%40bob", "/at/@{name}", "bob"},
		{"escaped-separator", "/echo%2Fa", "", ""},
		{"escaped-first-slash", "%2Fecho/a", "", ""},
		{"rest", "/files/a%20b/c%2Fd/e", "/files/{path:rest}", "a b/c/d/e"},
		{"rest-dots", "/files/%2e%2e/a", "", ""},
		{"rest-half-escaped-dots", "/files/.%2E/a", "", ""},
		{"rest-escaped-slash-and-dots", "/files/a%2F..%2Fb", "", ""},
		{"rest-escaped-slash-in-front", "/files/%2Fetc", "", ""},
		{"bad-short", "/echo/%", "400", ""},
		{"bad-one-digit", "/echo/%4", "400", ""},
		{"bad-digit", "/echo/%zz", "400", ""},
		{"bad-second-digit", "/echo/%4z/x", "400", ""},
		{"bad-on-no-route", "/nowhere/%", "400", ""},
		{"bad-across-slash", "/echo/%4/1", "400", ""},
		{"not-utf8", "/echo/%E4%BD", "400", ""},
		{"not-utf8-ff", "/echo/%FF", "400", ""},
		{"not-utf8-raw", "/echo/\xe4\xbd", "400", ""},
		{"not-utf8-raw-ff", "/echo/a\xffb", "400", ""},
		{"not-utf8-raw-ff-with-escape", "/echo\xffa%20b", "400", ""},
		{"utf8-split-by-slash", "/echo/%E4%BD/%A0", "400", ""},
		{"surrogate", "/echo/%ED%A0%80", "400", ""},
		{"overlong", "/echo/%C0%AF", "400", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var m router.Match
			got, err := r.Lookup(tt.path, &m)
			if tt.pattern == "400" {
				if !errors.Is(err, router.ErrBadPath) || router.Status(err) != 400 || got != "" || m.Pattern() != "" {
					t.Fatalf("Lookup(%q) = %q, %v with match of %q, want ErrBadPath", tt.path, got, err, m.Pattern())
				}
				return
			}
			if got != tt.pattern || m.Pattern() != tt.pattern {
				t.Fatalf("Lookup(%q) = %q, %v with match of %q, want %q", tt.path, got, err, m.Pattern(), tt.pattern)
			}
			for name, value := range m.All() {
				if value != tt.value {
					t.Errorf("Lookup(%q): %s is %q, want %q", tt.path, name, value, tt.value)
				}
			}
		})
	}
}

// The more specific route wins, whatever the order in which the routes were added.
func TestSpecificity(t *testing.T) {
	patterns := []string{
		"/u/{path:p}", "/u/{name}", "/u/{x:[a-z]+5?}", "/u/{float:f}", "/u/{bool:b}", "/u/{uuid:k}", "/u/{int:n}",
		"/u/@{name}", "/u/@b{name}", "/u/@{int:n}", "/u/{a}+{int:b}", "/u/{int:a}+{b}", "/u/me",
		"/u/me/{name}", "/u/{name}/edit", "/u/{int:n}/view",
	}
	paths := map[string]string{
		"/u/me":                  "/u/me",
		"/u/m%65":                "/u/me",
		"/u/42":                  "/u/{int:n}",
		"/u/-42":                 "/u/{float:f}",
		"/u/9223372036854775808": "/u/{float:f}",
		"/u/true":                "/u/{bool:b}",
		"/u/123e4567-e89b-12d3-a456-426614174000": "/u/{uuid:k}",
		"/u/abc5":     "/u/{x:[a-z]+5?}",
		"/u/ABC":      "/u/{name}",
		"/u/@alice":   "/u/@{name}",
		"/u/@bob":     "/u/@b{name}",
		"/u/@42":      "/u/@{int:n}",
		"/u/1+2":      "/u/{int:a}+{b}",
		"/u/x+2":      "/u/{a}+{int:b}",
		"/u/x+y":      "/u/{name}",
		"/u/a/b":      "/u/{path:p}",
		"/u/me/edit":  "/u/me/{name}",
		"/u/bob/edit": "/u/{name}/edit",
		"/u/42/edit":  "/u/{name}/edit",
		"/u/42/view":  "/u/{int:n}/view",
		"/u/-42/view": "/u/{path:p}",
		"/u/me/a/b":   "/u/{path:p}",
		"/u/":         "",
		"/u":          "",
	}
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	for range 20 {
		random.Shuffle(len(patterns), func(i, j int) { patterns[i], patterns[j] = patterns[j], patterns[i] })
		r := newRouter(t, router.Config{}, patterns...)
		for path, want := range paths {
			if got := found(r, path); got != want {
				t.Errorf("seed %d: Lookup(%q) = %q, want %q, added as %q", seed, path, got, want, patterns)
			}
		}
	}
}

// Among regular expressions at one place the first one added is tried first.
func TestRegexOrder(t *testing.T) {
	r := newRouter(t, router.Config{}, "/{a:[a-m]+}", "/{b:[a-z]+}", "/{b:[a-z]+}/x", "/{a:[a-m]+}/y")
	for path, want := range map[string]string{
		"/abc": "/{a:[a-m]+}", "/xyz": "/{b:[a-z]+}", "/abc/x": "/{b:[a-z]+}/x", "/abc/y": "/{a:[a-m]+}/y", "/xyz/y": "",
	} {
		if got := found(r, path); got != want {
			t.Errorf("Lookup(%q) = %q, want %q", path, got, want)
		}
	}
}

// A branch that is left again leaves no value behind.
func TestBacktracking(t *testing.T) {
	r := newRouter(t, router.Config{},
		"/a/{int:n}/{int:m}/x", "/a/{float:f}/y", "/a/{s}/{t}/z", "/{p}/{q}/{path:rest}", "/a/b/c/d")
	for _, tt := range []struct {
		path, pattern string
		values        []string
	}{
		{"/a/1/2/x", "/a/{int:n}/{int:m}/x", []string{"1", "2"}},
		{"/a/1/y", "/a/{float:f}/y", []string{"1"}},
		{"/a/1/2/z", "/a/{s}/{t}/z", []string{"1", "2"}},
		{"/a/1/2/w", "/{p}/{q}/{path:rest}", []string{"a", "1", "2/w"}},
		{"/a/b/c/d", "/a/b/c/d", nil},
		{"/a/b/c/e", "/{p}/{q}/{path:rest}", []string{"a", "b", "c/e"}},
		{"/a/b", "", nil},
	} {
		var m router.Match
		got, _ := r.Lookup(tt.path, &m)
		var values []string
		for _, value := range m.All() {
			values = append(values, value)
		}
		if got != tt.pattern || !slices.Equal(values, tt.values) {
			t.Errorf("Lookup(%q) = %q with %q, want %q with %q", tt.path, got, values, tt.pattern, tt.values)
		}
	}
}

func TestIgnoreTrailingSlash(t *testing.T) {
	r := newRouter(t, router.Config{IgnoreTrailingSlash: true}, "/a", "/b/", "/u/{name}", "/f/{path:rest}", "/")
	for path, want := range map[string]string{
		"/a": "/a", "/a/": "/a", "/b": "/b/", "/b/": "/b/", "/u/x/": "/u/{name}", "/u/x%2F/": "/u/{name}",
		"/f/a/b/": "/f/{path:rest}", "/": "/", "/a//": "", "/u/": "", "//": "", "": "", "/%2F": "",
	} {
		if got := found(r, path); got != want {
			t.Errorf("Lookup(%q) = %q, want %q", path, got, want)
		}
	}
	var m router.Match
	if _, err := r.Lookup("/f/a/b/", &m); err != nil {
		t.Fatal(err)
	}
	if rest, _ := m.Rest("rest"); rest != "a/b/" {
		t.Errorf("rest = %q, want a/b/ with its slash", rest)
	}
	if strict := newRouter(t, router.Config{}, "/a", "/a/"); found(strict, "/a") != "/a" || found(strict, "/a/") != "/a/" {
		t.Error("by default /a and /a/ are two routes")
	}
}

// An empty router has an answer too.
func TestZeroRouter(t *testing.T) {
	var r router.Router[string]
	for path, want := range map[string]error{"/": router.ErrNotFound, "": router.ErrNotFound, "/%": router.ErrBadPath} {
		if _, err := r.Lookup(path, new(router.Match)); err != want {
			t.Errorf("Lookup(%q) of an empty router: %v, want %v", path, err, want)
		}
	}
	if err := r.Add(); err != nil {
		t.Errorf("Add of nothing: %v", err)
	}
}

// Near knows what a path that leads nowhere may have meant.
func TestNear(t *testing.T) {
	r := newRouter(t, router.Config{}, "/echo/{message}", "/chat/", "/n/{int:n}")
	for path, want := range map[string]string{
		"/echo/Hello/": "/echo/{message}", "/Echo/Hello": "/echo/{message}", "//echo//x": "/echo/{message}", "echo/x": "/echo/{message}",
		"/chat": "/chat/", "/CHAT": "/chat/", "/n/x/../7": "/n/{int:n}", "/n/7//": "/n/{int:n}",
		"/n/x": "", "/nowhere": "", "/echo/%": "", "": "", "*": "",
	} {
		if got, found := r.Near(path); got != want || found != (want != "") {
			t.Errorf("Near(%q) = %q, %v, want %q", path, got, found, want)
		}
	}
}
