package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// A verdict is what became of a mutant.
type verdict int

const (
	survived verdict = iota
	killed
	unviable // it doesn't compile
)

// A judge builds the tests of one package with one file changed, and runs them.
type judge struct {
	pkg   *listed
	limit time.Duration // for the tests, beyond which they have failed
}

// listed is what go list knows of a package.
type listed struct {
	ImportPath, Dir           string
	GoFiles, IgnoredGoFiles   []string // of this platform, and of others
	TestGoFiles, XTestGoFiles []string
	Module                    struct{ Path string }
}

// folder returns where p is in its module, with slashes; "." is the module's root.
func (p *listed) folder() string {
	return path.Clean(strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, p.Module.Path), "/"))
}

// list returns the packages that the arguments name.
func list(args []string) (all []*listed, err error) {
	cmd := exec.Command("go", append([]string{"list", "-json", "--"}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		p := new(listed)
		if err := d.Decode(p); err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// newJudge returns a judge of p's mutants, once p's tests have passed as they are.
func newJudge(p *listed) (*judge, error) {
	j := &judge{pkg: p, limit: time.Hour}
	dir, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	program, err := j.build(dir)
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	if !j.pass(program, ".") {
		return nil, fmt.Errorf("the tests of %s fail as they are", p.ImportPath)
	}
	j.limit = 3*time.Since(begin) + 10*time.Second
	return j, nil
}

// judge says what becomes of a mutant.
func (j *judge) judge(m *mutant) (verdict, error) {
	dir, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	changed, overlay := filepath.Join(dir, "mutant.go"), filepath.Join(dir, "overlay.json")
	text, err := json.Marshal(map[string]any{"Replace": map[string]string{
		filepath.Join(j.pkg.Dir, filepath.Base(m.file)): changed,
	}})
	if err != nil {
		return 0, err
	}
	if err := errors.Join(os.WriteFile(changed, m.mutated(), 0o666), os.WriteFile(overlay, text, 0o666)); err != nil {
		return 0, err
	}
	program, err := j.build(dir, "-overlay", overlay)
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return unviable, nil
	case err != nil:
		return 0, err
	}
	near, err := j.near(m.file)
	if err != nil {
		return 0, err
	}
	if near != "" && !j.pass(program, near) || !j.pass(program, ".") {
		return killed, nil
	}
	return survived, nil
}

// build builds the package's tests, with more flags, into a program in dir.
func (j *judge) build(dir string, flags ...string) (program string, err error) {
	program = filepath.Join(dir, "test")
	args := append([]string{"test", "-c", "-vet=off", "-ldflags=-s -w", "-o", program}, flags...)
	cmd := exec.Command("go", append(args, ".")...)
	cmd.Dir = j.pkg.Dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go test: %w\n%s", err, out)
	}
	return program, nil
}

// pass runs those tests whose names match and reports whether they pass. A mutant
// that appends without end meets the limit that the shell sets, in KiB.
func (j *judge) pass(program, tests string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), j.limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", `ulimit -v 8388608; exec "$0" "$@"`,
		program, "-test.short", "-test.failfast", "-test.run", tests)
	cmd.Dir = j.pkg.Dir
	cmd.WaitDelay = time.Second
	return cmd.Run() == nil
}

// near returns a pattern for the tests in the files whose names begin as that of file
// does, or "" if there are none.
func (j *judge) near(file string) (string, error) {
	var names []string
	for _, test := range append(j.pkg.TestGoFiles[:len(j.pkg.TestGoFiles):len(j.pkg.TestGoFiles)], j.pkg.XTestGoFiles...) {
		if stem(test) != stem(filepath.Base(file)) {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(j.pkg.Dir, test), nil, parser.SkipObjectResolution)
		if err != nil {
			return "", err
		}
		for _, decl := range parsed.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && strings.HasPrefix(fn.Name.Name, "Test") {
				names = append(names, fn.Name.Name)
			}
		}
	}
	if names == nil {
		return "", nil
	}
	return "^(" + strings.Join(names, "|") + ")$", nil
}

// stem returns a file's name up to its first _ or dot.
func stem(file string) string {
	return file[:strings.IndexAny(file, "_.")]
}
