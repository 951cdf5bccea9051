package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	// heldBy matches a package and the tests named behind it: `conn`: TestA, TestB.
	heldBy = regexp.MustCompile("`([a-z/]+)`: ((?:(?:Test|Fuzz)\\w+(?:, )?)+)")
	// testName matches the name of a test.
	testName = regexp.MustCompile(`\b(?:Test|Fuzz)[A-Z]\w+`)
)

// TestThreatModel holds SECURITY.md to the tests that it names: each is there, in the
// package that is said to have it, and each line of the table names one at least.
func TestThreatModel(t *testing.T) {
	text := readFile(t, "SECURITY.md")
	named := 0
	for _, m := range heldBy.FindAllStringSubmatch(text, -1) {
		tests := testsOf(t, m[1])
		for _, name := range testName.FindAllString(m[2], -1) {
			named++
			if !tests[name] {
				t.Errorf("SECURITY.md names %s of package %s, which isn't there", name, m[1])
			}
		}
	}
	if all := len(testName.FindAllString(text, -1)); named != all {
		t.Errorf("%d of %d tests in SECURITY.md stand behind a package", named, all)
	}
	rows := 0
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| A peer may") {
			continue
		}
		if rows++; !heldBy.MatchString(line) {
			t.Errorf("nothing holds: %s", line)
		}
	}
	if rows < 15 {
		t.Errorf("the threat model has %d lines", rows)
	}
}

// testsOf returns the names of a package's tests and fuzz targets, on all platforms.
func testsOf(t *testing.T, pkg string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(moduleRoot(t), filepath.FromSlash(pkg), "*_test.go"))
	if err != nil || len(files) == 0 {
		t.Errorf("package %s has no tests: %v", pkg, err)
	}
	names := map[string]bool{}
	for _, name := range files {
		for _, decl := range parseFile(t, name, parser.SkipObjectResolution).Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil {
				names[f.Name.Name] = true
			}
		}
	}
	return names
}

func parseFile(t *testing.T, name string, mode parser.Mode) *ast.File {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, mode)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// unsafeFiles are the files that import package unsafe, tests aside, and why.
func unsafeFiles() map[string]string {
	return map[string]string{
		"conn/text.go":                       "the bytes of a string, to be sent without a copy",
		"conn/internal/sock/sock_linux.go":   "addresses for system calls that package syscall makes slower",
		"conn/eventloop/poll_epoll_linux.go": "events of epoll, which the kernel writes",
		"conn/eventloop/sockaddr_linux.go":   "addresses of sockets, which the kernel writes",
	}
}

// TestUnsafe holds package unsafe to the files that have a reason for it.
func TestUnsafe(t *testing.T) {
	root, reasons := moduleRoot(t), unsafeFiles()
	for file := range goFiles(t, root) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, imported := range imports(t, filepath.Join(root, filepath.FromSlash(file))) {
			if _, ok := reasons[file]; imported == "unsafe" && !ok {
				t.Errorf("%s imports unsafe, and unsafeFiles gives no reason", file)
			}
		}
	}
	for file := range reasons {
		if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(file))); err != nil {
			t.Errorf("unsafeFiles: %v", err)
		}
	}
}

// TestNoCgo looks for cgo, and for what links to names of others, in all files.
func TestNoCgo(t *testing.T) {
	root := moduleRoot(t)
	for file := range goFiles(t, root) {
		name := filepath.Join(root, filepath.FromSlash(file))
		for _, imported := range imports(t, name) {
			if imported == "C" || imported == "runtime/cgo" {
				t.Errorf("%s uses cgo", file)
			}
		}
		for _, group := range parseFile(t, name, parser.ParseComments).Comments {
			for _, c := range group.List {
				if strings.HasPrefix(c.Text, "//go:linkname ") && !strings.HasSuffix(path.Base(file), "_test.go") {
					t.Errorf("%s: %s", file, c.Text)
				}
			}
		}
	}
}
