package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadEquivalent(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       map[name]bool
		err        string
	}{
		{"empty", "# nothing\n\n", map[name]bool{}, ""},
		{"one", "a/b.go T.f\n- x\n+ y\n  because\n", map[name]bool{{"a/b.go", "T.f", "x", "y", 1}: true}, ""},
		{"left-out", "a/b.go f\n- x\n+\n  because\n", map[name]bool{{"a/b.go", "f", "x", "", 1}: true}, ""},
		{"outside-of-functions", "a/b.go\n- x\n+ y\n  because\n", map[name]bool{{"a/b.go", "", "x", "y", 1}: true}, ""},
		{"several", "a.go f\n- x\n+ y\n- x\n+ z\na.go g\n- x\n+ y\n  because\n  of this\n",
			map[name]bool{{"a.go", "f", "x", "y", 1}: true, {"a.go", "f", "x", "z", 1}: true, {"a.go", "g", "x", "y", 1}: true}, ""},
		{"second-place", "a.go f #2\n- x\n+ y\n  because\n", map[name]bool{{"a.go", "f", "x", "y", 2}: true}, ""},
		{"no-number", "a.go f #x\n- x\n+ y\n  because\n", nil, ":1: "},
		{"without-a-reason", "a.go f\n- x\n+ y\n", nil, "no reason"},
		{"twice", "a.go f\n- x\n+ y\n- x\n+ y\n  because\n", nil, ":5: "},
		{"without-a-file", "- x\n+ y\n  because\n", nil, ":2: "},
		{"without-a-line", "a.go f\n+ y\n  because\n", nil, ":2: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "equivalent.txt")
			if err := os.WriteFile(file, []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := readEquivalent(file)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("error %v, want one with %q", err, tt.err)
			}
		})
	}
}

// The entries of the committed file fit the code as it is now. Those of files that
// aren't built here can't be looked at.
func TestEquivalentFits(t *testing.T) {
	known, err := readEquivalent("equivalent.txt")
	if err != nil {
		t.Fatal(err)
	}
	packages, err := list([]string{"../../frame", "../../conn/protocol"})
	if err != nil {
		t.Skip("the go command isn't there: ", err)
	}
	for _, p := range packages {
		mutants, err := mutantsIn(p, regexp.MustCompile(""))
		if err != nil {
			t.Fatal(err)
		}
		if len(mutants) < 100 {
			t.Errorf("%s: %d mutants", p.ImportPath, len(mutants))
		}
		for _, n := range misfits(known, p, mutants) {
			t.Errorf("this entry fits no mutant:\n%s", n)
		}
	}
}
