package main

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strings"
)

// A checker tells whether a package still compiles with one file changed. Only one
// goroutine may use it.
type checker struct {
	pkg   *listed
	fset  *token.FileSet
	files map[string]*ast.File
	conf  types.Config
}

// newChecker loads p, and what the compiler has left of those it imports.
func newChecker(p *listed) (*checker, error) {
	c := &checker{pkg: p, fset: token.NewFileSet(), files: make(map[string]*ast.File)}
	for _, file := range p.GoFiles {
		parsed, err := parser.ParseFile(c.fset, filepath.Join(p.Dir, file), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		c.files[file] = parsed
	}
	cmd := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}}\t{{.Export}}", p.ImportPath)
	cmd.Dir, cmd.Stderr = p.Dir, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	exports := make(map[string]string)
	for line := range strings.Lines(string(out)) {
		imported, file, _ := strings.Cut(strings.TrimSpace(line), "\t")
		exports[imported] = file
	}
	c.conf.Importer = importer.ForCompiler(c.fset, "gc", func(imported string) (io.ReadCloser, error) {
		return os.Open(exports[imported])
	})
	c.conf.Sizes = types.SizesFor("gc", runtime.GOARCH)
	return c, nil
}

// compiles reports whether the package does with m.
func (c *checker) compiles(m *mutant) bool {
	changed, err := parser.ParseFile(token.NewFileSet(), m.file, m.mutated(), parser.SkipObjectResolution)
	if err != nil {
		return false
	}
	files := []*ast.File{changed}
	for name, file := range c.files {
		if name != path.Base(m.file) {
			files = append(files, file)
		}
	}
	_, err = c.conf.Check(c.pkg.ImportPath, c.fset, files, nil)
	return err == nil
}
