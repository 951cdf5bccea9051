package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRun judges the mutants of a small module, whose tests
// miss a function.
func TestRun(t *testing.T) {
	if testing.Short() || runtime.GOOS == "windows" {
		t.Skip("builds a test for each mutant, and runs it in a shell")
	}
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("the go command isn't installed")
	}
	dir := t.TempDir()
	for file, text := range map[string]string{
		"go.mod":      "module m\n\ngo 1.26.0\n",
		"max.go":      "package m\n\nconst one = 1\n\nfunc Max(a, b int) int {\n\tif a > b {\n\t\treturn a\n\t}\n\treturn b\n}\n\nfunc Unused() bool { return true }\n",
		"max_test.go": "package m\n\nimport \"testing\"\n\nfunc TestMax(t *testing.T) {\n\tif one != 1 || Max(1, 2) != 2 || Max(2, 1) != 2 {\n\t\tt.Fail()\n\t}\n}\n",
		"equivalent": "max.go Max\n- if a > b {\n+ if a >= b {\n  The two are the same then.\n\n" +
			"max.go Gone\n- a\n+ b\n  It was there once.\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	var out strings.Builder
	fine, err := run(&out, options{equivalent: "equivalent", match: regexp.MustCompile("")}, []string{"."})
	if err != nil || fine {
		t.Errorf("run = %t, %v; want false: one has survived", fine, err)
	}
	const want = "# max.go:12\nmax.go Unused\n- func Unused() bool { return true }\n+ func Unused() bool { return false }\n\n" +
		"this entry fits no mutant:\nmax.go Gone\n- a\n+ b\n\n" +
		"m: 5 mutants killed, 1 survived, 1 known as equivalent, 0 don't compile\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("printed (-want +got):\n%s", diff)
	}
	source, err := os.ReadFile("max.go")
	if err != nil || strings.Contains(string(source), "false") {
		t.Errorf("the tree was touched: %v\n%s", err, source)
	}
}
