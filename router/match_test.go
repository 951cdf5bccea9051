package router_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/router"
)

// Each getter gives the values of its type and no others.
func TestGetters(t *testing.T) {
	const pattern = "/{int:i}/{float:f}/{bool:b}/{uuid:u}/{str:s}/{r:[a-z]+}/{path:p}"
	r := newRouter(t, router.Config{}, pattern)
	var m router.Match
	if _, err := r.Lookup("/42/-2.5/true/123e4567-e89b-12d3-a456-426614174000/%E4%BD%A0/abc/x/y", &m); err != nil {
		t.Fatal(err)
	}
	type got struct {
		Int   int64
		Float float64
		Bool  bool
		UUID  router.UUID
		Rest  string
		Text  string
		OK    string // which getters said ok
	}
	want := map[string]got{
		"i":    {Int: 42, Text: "42", OK: "int string"},
		"f":    {Float: -2.5, Text: "-2.5", OK: "float string"},
		"b":    {Bool: true, Text: "true", OK: "bool string"},
		"u":    {UUID: exampleUUID, Text: "123e4567-e89b-12d3-a456-426614174000", OK: "uuid string"},
		"s":    {Text: "你", OK: "string"},
		"r":    {Text: "abc", OK: "string"},
		"p":    {Rest: "x/y", Text: "x/y", OK: "rest string"},
		"none": {},
		"":     {},
	}
	for name, want := range want {
		var have got
		var oks []string
		note := func(getter string, ok bool) {
			if ok {
				oks = append(oks, getter)
			}
		}
		var ok bool
		have.Int, ok = m.Int(name)
		note("int", ok)
		have.Float, ok = m.Float(name)
		note("float", ok)
		have.Bool, ok = m.Bool(name)
		note("bool", ok)
		have.UUID, ok = m.UUID(name)
		note("uuid", ok)
		have.Rest, ok = m.Rest(name)
		note("rest", ok)
		have.Text, ok = m.String(name)
		note("string", ok)
		have.OK = strings.Join(oks, " ")
		// A getter of another type gives its zero value.
		if diff := cmp.Diff(want, have); diff != "" {
			t.Errorf("parameter %q (-want +got):\n%s", name, diff)
		}
	}
	wantMap := map[string]any{"i": int64(42), "f": -2.5, "b": true, "u": exampleUUID, "s": "你", "r": "abc", "p": "x/y"}
	if diff := cmp.Diff(wantMap, m.Map()); diff != "" {
		t.Errorf("Map (-want +got):\n%s", diff)
	}
	if m.Len() != 7 || m.Pattern() != pattern {
		t.Errorf("Len %d, Pattern %q", m.Len(), m.Pattern())
	}
	for name := range m.All() {
		if name != "i" {
			t.Errorf("All begins with %q", name)
		}
		break
	}
}

// An empty Match, and one whose lookup failed, has nothing, whatever it held before.
func TestEmptyMatch(t *testing.T) {
	r := newRouter(t, router.Config{}, "/{a}/{b}/{c}/{d}/{e}")
	var used router.Match
	if _, err := r.Lookup("/1/2/3/4/5", &used); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/1/2/3/4/5/6", "/1/2/3/4/%", "1"} {
		m := used
		if _, err := r.Lookup(path, &m); err == nil {
			t.Fatalf("Lookup(%q) found something", path)
		}
		for name, m := range map[string]*router.Match{"zero": {}, "failed": &m} {
			text, ok := m.String("a")
			if text != "" || ok || m.Len() != 0 || m.Pattern() != "" || len(m.Map()) != 0 {
				t.Errorf("%s match after %q: %q, %v, Len %d, Pattern %q, Map %v", name, path, text, ok, m.Len(), m.Pattern(), m.Map())
			}
			m.Detach()
			for name := range m.All() {
				t.Errorf("an empty match yields %q", name)
			}
		}
	}
}

// Any number of parameters fits, and a Match may serve routes with more and with fewer in turn.
func TestManyParameters(t *testing.T) {
	var r router.Router[int]
	for n := range 12 {
		var pattern strings.Builder
		for i := range n {
			fmt.Fprintf(&pattern, "/{int:p%d}", i)
		}
		if err := r.Add(router.Route[int]{Pattern: pattern.String() + "/end", Handler: n}); err != nil {
			t.Fatal(err)
		}
	}
	var m router.Match
	for _, n := range []int{11, 0, 5, 4, 10, 3, 6, 11} {
		var path strings.Builder
		for i := range n {
			fmt.Fprintf(&path, "/%d", 100*n+i)
		}
		if got, err := r.Lookup(path.String()+"/end", &m); err != nil || got != n {
			t.Fatalf("Lookup of %d parameters = %d, %v", n, got, err)
		}
		for i := range n {
			if got, ok := m.Int(fmt.Sprintf("p%d", i)); got != int64(100*n+i) || !ok {
				t.Errorf("%d parameters: p%d = %d, %v", n, i, got, ok)
			}
		}
		if m.Len() != n {
			t.Errorf("%d parameters: Len %d", n, m.Len())
		}
	}
}

// A detached copy stays as it is when the original goes on.
func TestDetach(t *testing.T) {
	r := newRouter(t, router.Config{}, "/{int:a}/{b}/{c}/{d}/{e}/{float:f}", "/{a}")
	for _, paths := range [][2]string{{"/1/two/3/4/five/6.5", "/9/8/7/6/5/4.5"}, {"/%41", "/b"}, {"/a", "/1/2/3/4/5/6"}} {
		var m router.Match
		if _, err := r.Lookup(paths[0], &m); err != nil {
			t.Fatal(err)
		}
		want := m.Map()
		kept := m
		kept.Detach()
		if _, err := r.Lookup(paths[1], &m); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, kept.Map()); diff != "" {
			t.Errorf("detached match of %q after another lookup (-want +got):\n%s", paths[0], diff)
		}
	}
}

func TestUUIDText(t *testing.T) {
	const want = "123e4567-e89b-12d3-a456-426614174000"
	if got := exampleUUID.String(); got != want {
		t.Errorf("String = %s, want %s", got, want)
	}
	if got, err := exampleUUID.MarshalText(); string(got) != want || err != nil {
		t.Errorf("MarshalText = %s, %v, want %s", got, err, want)
	}
}
