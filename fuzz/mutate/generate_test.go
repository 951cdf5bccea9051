package main

import (
	"bytes"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// whole matches a function on one line, and in it the body.
var whole = regexp.MustCompile(`^func f\(\).*? \{ ?(.*?) ?\}$`)

func TestMutants(t *testing.T) {
	for _, tt := range []struct {
		name, source string
		want         []string // what the line becomes
	}{
		{"comparison", "func f() { if a < n {} }", []string{"if a <= n {}", "if a >= n {}"}},
		{"equality", "func f() { if a == n {} }", []string{"if a != n {}"}},
		{"logic", "func f() { if a == n && ok {} }", []string{"if a != n && ok {}", "if a == n || ok {}", "if a == n && !ok {}"}},
		{"negation", "func f() { if !ok {} }", []string{"if ok {}"}},
		{"call-as-condition", "func f() { for ok() {} }", []string{"for !ok() {}"}},
		{"arithmetic", "func f() { g(a*b << n) }", []string{"", "g(a/b << n)", "g(a*b >> n)"}},
		{"integer", "const n = 'a'", []string{"const n = ('a' + 1)", "const n = ('a' - 1)"}},
		{"boolean", "var v = T{Fin: true}", []string{"var v = T{Fin: false}"}},
		{"increment", "func f() { i++ }", []string{"", "i--"}},
		{"assignment", "func f() { a, b = x, nil }", []string{"_, b = x, nil", "a, b = x, b"}},
		{"assignment-of-nil", "func f() { a = nil }", []string{""}},
		{"assignment-with-operator", "func f() { a += x }", []string{"_ = x", "a -= x"}},
		{"declaration", "func f() { a := x; _ = a }", nil},
		{"return-alone", "func f() { return }", []string{""}},
		{"returned", "func f() (n T, ok bool, err error) { return a, ok, e }", []string{
			"return *new(T), ok, e", "return a, !(ok), e", "return a, ok, *new(error)"}},
		{"returned-zero", "func f() (n int, err error) { return 0, nil }", []string{"return (0 + 1), nil", "return (0 - 1), nil"}},
		{"returned-by-a-literal", "func f() T { g := func() *U { return u }; return g() }", []string{
			"g := func() *U { return *new(*U) }; return g()", "g := func() *U { return u }; return *new(T)"}},
		{"returned-by-another", "func f() (a, b int) { return g() }", nil},
		{"value-of-a-case", "func f() { switch a { case x, y: case z: } }", []string{
			"switch a { case y: case z: }", "switch a { case x: case z: }"}},
		{"condition-of-a-case", "func f() { switch { case ok: } }", []string{"switch { case !ok: }"}},
		{"branch", "func f() { for { break } }", []string{"for { continue }"}},
		{"type", "type t [4]struct{ a [2]int }", []string{"type t [(4 + 1)]struct{ a [2]int }", "type t [(4 - 1)]struct{ a [2]int }"}},
		{"without-a-body", "func f(a, b int) bool", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			mutants, err := mutantsOf("p.go", []byte("package p\n"+tt.source+"\n"))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, m := range mutants {
				_, is := m.diff()
				if body := whole.FindStringSubmatch(is); body != nil {
					is = body[1]
				}
				got = append(got, is)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.source, diff)
			}
		})
	}
}

// A mutant changes its file in one place, and is named by the lines around it.
func TestMutant(t *testing.T) {
	source := []byte("package p\n\nfunc (t *T) f() {\n\tg(a,\n\t\tb) // why\n\th()\n}\n")
	mutants, err := mutantsOf("dir/p.go", source)
	if err != nil {
		t.Fatal(err)
	}
	if len(mutants) != 2 {
		t.Fatalf("%d mutants, want 2", len(mutants))
	}
	if diff := cmp.Diff(name{"dir/p.go", "T.f", "g(a, b)", "", 1}, mutants[0].name(), cmp.AllowUnexported(name{})); diff != "" {
		t.Errorf("name (-want +got):\n%s", diff)
	}
	if m := mutants[1]; m.line != 6 || !bytes.Equal(m.mutated(), []byte("package p\n\nfunc (t *T) f() {\n\tg(a,\n\t\tb) // why\n\t\n}\n")) {
		t.Errorf("line %d, mutated to %q", m.line, m.mutated())
	}
}
