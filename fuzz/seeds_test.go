package fuzz_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// fewestSeeds is how many seeds a target has at least.
const fewestSeeds = 5

var (
	seedName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	hashName = regexp.MustCompile(`^[0-9a-f]{12,}$`) // what go test writes
)

// TestSeeds: every target has seeds, which go test runs, every folder of seeds has a
// target, and every seed says by its name what it stands for.
func TestSeeds(t *testing.T) {
	root := filepath.Join("testdata", "fuzz")
	targets := fuzzTargets(t)
	for target := range targets {
		seeds, err := os.ReadDir(filepath.Join(root, target))
		if err != nil || len(seeds) < fewestSeeds {
			t.Errorf("%s has %d seeds, want %d or more: %v", target, len(seeds), fewestSeeds, err)
		}
		for _, seed := range seeds {
			if name := seed.Name(); !seedName.MatchString(name) || hashName.MatchString(name) {
				t.Errorf("seed %s/%s: name it for what it stands for", target, name)
			}
		}
	}
	folders, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		if !targets[folder.Name()] {
			t.Errorf("the seeds in %s have no target", folder.Name())
		}
	}
}

// TestTargetsAreDocumented: doc.go names every target and its oracle.
func TestTargetsAreDocumented(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	for target := range fuzzTargets(t) {
		if !strings.Contains(string(doc), "//\t"+target+" ") {
			t.Errorf("doc.go doesn't say what %s holds its subject against", target)
		}
	}
}

// fuzzTargets finds the fuzz targets in this folder's source.
func fuzzTargets(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	targets := map[string]bool{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Fuzz") {
				targets[f.Name.Name] = true
			}
		}
	}
	if len(targets) == 0 {
		t.Fatal("no targets found")
	}
	return targets
}
