package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// programs is what was built, in a folder of its own.
type programs struct {
	dir     string
	found   map[string]string // paths of programs that aren't in dir
	missing map[string]error  // by program: why it can't be had
}

// errNotInstalled is wrapped by the reasons for which a server is left out.
var errNotInstalled = errors.New("not installed")

// build builds the programs of the chosen servers, and the load generator, below dir. It must run
// in the folder of the nested module. What can't be had for want of a tool is in
// missing; all other failures are errors.
func build(ctx context.Context, dir string, chosen []server) (*programs, error) {
	p := &programs{dir: dir, found: make(map[string]string), missing: make(map[string]error)}
	root, err := filepath.Abs("..")
	if err != nil {
		return nil, err
	}
	if err := command(ctx, root, "go", "build", "-o", p.path("bench"), "./cmd/godwit"); err != nil {
		return nil, err
	}
	built := make(map[string]bool)
	for _, s := range chosen {
		if built[s.program] {
			continue
		}
		built[s.program] = true
		switch s.program {
		case "node":
			p.missing["node"] = p.findNode(ctx)
		case "c":
			p.missing["c"] = p.compile(ctx)
		default:
			if err := command(ctx, "", "go", "build", "-o", p.path(s.program), "./peers/"+s.program); err != nil {
				return nil, err
			}
		}
	}
	return p, nil
}

// path returns the file of a program.
func (p *programs) path(program string) string {
	if path, ok := p.found[program]; ok {
		return path
	}
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	return filepath.Join(p.dir, program)
}

// findNode looks for Node, and has npm install ws where it isn't.
func (p *programs) findNode(ctx context.Context) error {
	node, err := exec.LookPath("node")
	if err != nil {
		return fmt.Errorf("node is %w", errNotInstalled)
	}
	p.found["node"] = node
	folder := filepath.Join("peers", "node")
	if _, err := os.Stat(filepath.Join(folder, "node_modules", "ws")); err == nil {
		return nil
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		return fmt.Errorf("npm is %w, and the ws package neither", errNotInstalled)
	}
	return command(ctx, folder, npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts")
}

// compile compiles the echo in C, which is for Linux.
func (p *programs) compile(ctx context.Context) error {
	if runtime.GOOS != "linux" {
		return fmt.Errorf("epoll is %w: it is Linux's", errNotInstalled)
	}
	cc, err := exec.LookPath("cc")
	if err != nil {
		return fmt.Errorf("a C compiler is %w", errNotInstalled)
	}
	return command(ctx, "", cc, "-O2", "-pthread", "-o", p.path("c"), filepath.Join("peers", "rawc", "echo.c"))
}

// command runs a program in a folder, and returns what it said if it fails.
func command(ctx context.Context, dir, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return nil
}

// available returns the servers whose programs could be had.
func (p *programs) available(chosen []server) []server {
	return slices.DeleteFunc(slices.Clone(chosen), func(s server) bool { return p.missing[s.program] != nil })
}
