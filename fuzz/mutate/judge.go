package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
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

// A judge runs the tests of a package with one of its mutants at a time. Those within
// functions are built into one program, all others into one each.
type judge struct {
	pkg     *listed
	broken  map[*mutant]bool // they don't compile
	dir     string           // for its files
	program string           // with the mutants that have a number
	limit   time.Duration    // for the tests, beyond which they have failed
}

// newJudge returns a judge of p's mutants, once p's tests have passed with none of them
// running, and gives numbers to those within functions that compile. It must be closed.
func newJudge(p *listed, mutants []*mutant) (j *judge, err error) {
	j = &judge{pkg: p, broken: make(map[*mutant]bool), limit: time.Hour}
	c, err := newChecker(p)
	if err != nil {
		return nil, err
	}
	for _, m := range mutants {
		j.broken[m] = !c.compiles(m)
	}
	if j.dir, err = os.MkdirTemp("", "mutate"); err != nil {
		return nil, err
	}
	if err := j.combine(mutants); err != nil {
		return nil, errors.Join(err, j.close())
	}
	begin := time.Now()
	if !j.pass(j.program, 0, ".") {
		return nil, errors.Join(fmt.Errorf("the tests of %s fail as they are", p.ImportPath), j.close())
	}
	j.limit = 3*time.Since(begin) + 10*time.Second
	return j, nil
}

// close removes the judge's files.
func (j *judge) close() error { return os.RemoveAll(j.dir) }

// combine builds the program with the mutants within functions.
func (j *judge) combine(mutants []*mutant) (err error) {
	byFile := make(map[string][]*mutant)
	number := 0
	for _, m := range mutants {
		if m.fn != nil && m.fn.call != "" && !j.broken[m] {
			number++
			m.number = number
		}
		byFile[m.file] = append(byFile[m.file], m)
	}
	changed := map[string][]byte{"running_mutant.go": fmt.Appendf(nil, runs, j.pkg.Name)}
	for file, all := range byFile {
		changed[filepath.Base(file)] = combined(all[0].source, all)
	}
	j.program, err = j.build(changed)
	return err
}

// judge says what becomes of a mutant.
func (j *judge) judge(m *mutant) (v verdict, err error) {
	if j.broken[m] {
		return unviable, nil
	}
	program := j.program
	if m.number == 0 {
		program, err = j.build(map[string][]byte{filepath.Base(m.file): m.mutated()})
		if _, ok := errors.AsType[*exec.ExitError](err); ok {
			return unviable, nil // the tests don't compile
		}
		if err != nil {
			return 0, err
		}
		defer os.RemoveAll(filepath.Dir(program))
	}
	near, err := j.near(m.file)
	if err != nil {
		return 0, err
	}
	if near != "" && !j.pass(program, m.number, near) || !j.pass(program, m.number, ".") {
		return killed, nil
	}
	return survived, nil
}

// build builds the package's tests, with other texts in the place of some files, into
// a program in a folder of its own.
func (j *judge) build(changed map[string][]byte) (program string, err error) {
	dir, err := os.MkdirTemp(j.dir, "")
	if err != nil {
		return "", err
	}
	program, overlay := filepath.Join(dir, "test"), filepath.Join(dir, "overlay.json")
	replace := make(map[string]string)
	for file, text := range changed {
		replace[filepath.Join(j.pkg.Dir, file)] = filepath.Join(dir, file)
		if err := os.WriteFile(filepath.Join(dir, file), text, 0o600); err != nil {
			return "", err
		}
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(overlay, text, 0o600); err != nil {
		return "", err
	}
	cmd := exec.Command("go", "test", "-c", "-vet=off", "-ldflags=-s -w", "-overlay", overlay, "-o", program, ".")
	cmd.Dir = j.pkg.Dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go test: %w\n%s", err, out)
	}
	return program, nil
}

// pass runs those tests whose names match and reports whether they pass. A mutant
// that appends without end meets the limit that the shell sets in KiB, and one that
// loops without end, should this program be gone, the one in seconds of a processor.
func (j *judge) pass(program string, number int, tests string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), j.limit)
	defer cancel()
	seconds := runtime.NumCPU() * int(j.limit/time.Second)
	cmd := exec.CommandContext(ctx, "sh", "-c", fmt.Sprintf(`ulimit -v 8388608; ulimit -t %d; exec "$0" "$@"`, seconds),
		program, "-test.short", "-test.failfast", "-test.run", tests)
	cmd.Dir = j.pkg.Dir
	cmd.Env = append(os.Environ(), "RUNNING_MUTANT="+strconv.Itoa(number))
	cmd.WaitDelay = time.Second
	return cmd.Run() == nil
}

// near returns a pattern for the tests in the files whose names begin as that of file
// does, or "" if there are none.
func (j *judge) near(file string) (string, error) {
	var names []string
	for _, test := range slices.Concat(j.pkg.TestGoFiles, j.pkg.XTestGoFiles) {
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
