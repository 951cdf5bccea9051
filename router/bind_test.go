package router_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/router"
)

type (
	roomID    int64
	topic     string
	otherUUID [16]byte
)

// tenancy is embedded by handlers; that its own name is not exported doesn't matter.
type tenancy struct {
	Tenant string `path:"tenant"`
}

// bindAll looks path up in pattern and binds it into a new T.
func bindAll[T any](t *testing.T, pattern, path string) (T, error) {
	t.Helper()
	var dst T
	b, err := router.NewBinder(reflect.TypeFor[T](), pattern)
	if err != nil {
		t.Fatalf("NewBinder(%T, %q): %v", dst, pattern, err)
	}
	r := newRouter(t, router.Config{}, pattern)
	var m router.Match
	if _, err := r.Lookup(path, &m); err != nil {
		t.Fatalf("Lookup(%q): %v", path, err)
	}
	return dst, b.Bind(&dst, &m)
}

// Every type that fits gets its value.
func TestBindTypes(t *testing.T) {
	type integers struct {
		A int    `path:"a"`
		B int8   `path:"b"`
		C uint16 `path:"c"`
		D uint64 `path:"d"`
		E roomID `path:"e"`
		F string `path:"e"` // the same once more, as text
	}
	ints, err := bindAll[integers](t, "/{int:a}/{int:b}/{int:c}/{int:d}/{int:e}", "/1/127/65535/9223372036854775807/007")
	if diff := cmp.Diff(integers{1, 127, 65535, 1<<63 - 1, 7, "007"}, ints); diff != "" || err != nil {
		t.Errorf("integers: %v (-want +got):\n%s", err, diff)
	}
	type others struct {
		tenancy
		X     float64     `path:"x"`
		Y     float32     `path:"y"`
		On    bool        `path:"on"`
		U     router.UUID `path:"u"`
		V     otherUUID   `path:"u"`
		W     string      `path:"u"`
		Topic topic       `path:"topic" json:"topic"`
		Rest  string      `path:"rest"`
		Other int         // no tag, no parameter
	}
	const path = "/acme/-2.5/0.5/true/123e4567-e89b-12d3-a456-426614174000/%E4%BD%A0/a/b"
	got, err := bindAll[others](t, "/{tenant}/{float:x}/{float:y}/{bool:on}/{uuid:u}/{topic:[^0-9]+}/{path:rest}", path)
	want := others{tenancy{"acme"}, -2.5, 0.5, true, exampleUUID, otherUUID(exampleUUID), exampleUUID.String(), "你", "a/b", 0}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(others{})); diff != "" || err != nil {
		t.Errorf("others: %v (-want +got):\n%s", err, diff)
	}
	if got, err := bindAll[func()](t, "/{a}", "/x"); got != nil || err != nil {
		t.Errorf("a type that is no struct: %v", err)
	}
	if _, err := bindAll[struct{ A int }](t, "/{a}", "/x"); err != nil {
		t.Errorf("a struct without tags: %v", err)
	}
}

// A value that its field can't hold is a path that the handler doesn't have.
func TestBindTooLarge(t *testing.T) {
	for _, tt := range []struct {
		name string
		bind func() error
	}{
		{"int8", func() error {
			_, err := bindAll[struct {
				A int8 `path:"a"`
			}](t, "/{int:a}", "/128")
			return err
		}},
		{"uint32", func() error {
			_, err := bindAll[struct {
				A uint32 `path:"a"`
			}](t, "/{int:a}", "/4294967296")
			return err
		}},
		{"float32", func() error {
			_, err := bindAll[struct {
				A float32 `path:"a"`
			}](t, "/{float:a}", "/1"+strings.Repeat("0", 40))
			return err
		}},
	} {
		if err := tt.bind(); router.Status(err) != 404 || !strings.Contains(err.Error(), "field A") {
			t.Errorf("%s: %v, want an error of status 404 that names the field", tt.name, err)
		}
	}
}

// Tags are checked against the pattern before any connection comes.
func TestNewBinderErrors(t *testing.T) {
	type pointed struct {
		ID int `path:"id"`
	}
	for _, tt := range []struct {
		name, pattern string
		typ           reflect.Type
		err           error
		says          string
	}{
		{"no-such-parameter", "/{room}", reflect.TypeFor[struct {
			A string `path:"rom"`
		}](), router.ErrBind, "names no parameter of the route; it has room"},
		{"no-parameters", "/room", reflect.TypeFor[struct {
			A string `path:"room"`
		}](), router.ErrBind, "it has no parameters"},
		{"empty-tag", "/{room}", reflect.TypeFor[struct {
			A string `path:""`
		}](), router.ErrBind, "names no parameter"},
		{"type-of-str", "/{id}", reflect.TypeFor[pointed](), router.ErrBind, "is of type int, and {str} needs string"},
		{"type-of-int", "/{int:id}", reflect.TypeFor[struct {
			A bool `path:"id"`
		}](), router.ErrBind, "{int} needs an integer or string"},
		{"type-of-float", "/{float:id}", reflect.TypeFor[pointed](), router.ErrBind, "{float} needs float32, float64 or string"},
		{"type-of-bool", "/{bool:id}", reflect.TypeFor[pointed](), router.ErrBind, "{bool} needs bool or string"},
		{"type-of-uuid", "/{uuid:id}", reflect.TypeFor[struct {
			A [16]int8 `path:"id"`
		}](), router.ErrBind, "{uuid} needs router.UUID"},
		{"type-of-path", "/{path:id}", reflect.TypeFor[struct {
			A []byte `path:"id"`
		}](), router.ErrBind, "{path} needs string"},
		{"type-of-regex", "/{id:[0-9]+}", reflect.TypeFor[pointed](), router.ErrBind, "{:[0-9]+} needs string"},
		{"pointer-field", "/{int:id}", reflect.TypeFor[struct {
			A *int `path:"id"`
		}](), router.ErrBind, "is of type *int"},
		{"unexported", "/{id}", reflect.TypeFor[struct {
			a string `path:"id"`
		}](), router.ErrBind, "begin its name with a capital letter"},
		{"embedded-pointer", "/{int:id}", reflect.TypeFor[struct{ *pointed }](), router.ErrBind, "embed the struct itself"},
		{"bad-pattern", "/{int:str}", reflect.TypeFor[pointed](), router.ErrPattern, "both sides"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := router.NewBinder(tt.typ, tt.pattern)
			bad, ok := errors.AsType[*router.RouteError](err)
			if !ok || !errors.Is(err, tt.err) || bad.Pattern != tt.pattern || !strings.Contains(bad.Reason, tt.says) {
				t.Errorf("NewBinder(%v, %q) = %v, want %v and %q", tt.typ, tt.pattern, err, tt.err, tt.says)
			}
		})
	}
}

// A Binder refuses what it wasn't made for.
func TestBindMisuse(t *testing.T) {
	type room struct {
		ID int `path:"id"`
	}
	b, err := router.NewBinder(reflect.TypeFor[*room](), "room/{int:id}")
	if err != nil {
		t.Fatal(err)
	}
	r := newRouter(t, router.Config{}, "/room/{int:id}", "/other/{int:id}")
	var right, wrong router.Match
	for path, m := range map[string]*router.Match{"/room/1": &right, "/other/2": &wrong} {
		if _, err := r.Lookup(path, m); err != nil {
			t.Fatal(err)
		}
	}
	for name, call := range map[string]func() error{
		"value":       func() error { return b.Bind(room{}, &right) },
		"nil":         func() error { return b.Bind(nil, &right) },
		"nil-pointer": func() error { return b.Bind((*room)(nil), &right) },
		"other-type":  func() error { return b.Bind(new(int), &right) },
		"other-route": func() error { return b.Bind(new(room), &wrong) },
		"empty-match": func() error { return b.Bind(new(room), new(router.Match)) },
	} {
		if err := call(); err == nil || router.Status(err) != 500 {
			t.Errorf("%s: %v, want an error that is no answer to the peer", name, err)
		}
	}
	var dst room
	if err := b.Bind(&dst, &right); err != nil || dst.ID != 1 {
		t.Errorf("Bind = %v with %+v", err, dst)
	}
}
