package main

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// seedProgram works as the Python library is described to.
//
//go:embed seed.py
var seedProgram string

// errNoPython says that a measurement of the seed's way can't be made here.
var errNoPython = errors.New("left out")

// python is an interpreter, if there is one.
type python struct {
	path       string // "" if there is none
	version    string
	websockets string // version of the package; "" without it
}

// findPython returns an interpreter, one with the package websockets if there is any.
func findPython(ctx context.Context) (found python) {
	for _, path := range []string{"python3", "/usr/bin/python3"} {
		out, err := exec.CommandContext(ctx, path, "-c", `
import platform
print(platform.python_version())
try:
    import websockets.legacy.server
    print(websockets.__version__)
except ImportError:
    print()
`).Output()
		if err != nil {
			continue
		}
		version, rest, _ := strings.Cut(string(out), "\n")
		p := python{path: path, version: version, websockets: strings.TrimSpace(rest)}
		if found.path == "" || p.websockets != "" {
			found = p
		}
		if found.websockets != "" {
			break
		}
	}
	return found
}

// String says what there is.
func (p python) String() string {
	switch {
	case p.path == "":
		return "no Python: the seed's way is left out"
	case p.websockets == "":
		return "Python " + p.version + " without the package websockets: sending the seed's way is left out"
	}
	return "Python " + p.version + " with websockets " + p.websockets
}

// command makes a command that runs seed.py.
func (p python) command(ctx context.Context, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, p.path, append([]string{"-c", seedProgram}, args...)...)
}

// run runs seed.py and reads the JSON that it prints.
func (p python) run(ctx context.Context, into any, args ...string) error {
	cmd := p.command(ctx, args...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("seed.py %s: %w: %s", args[0], err, strings.TrimSpace(errs.String()))
	}
	return json.Unmarshal(out, into)
}

// seedStoring stores n messages behind others the seed's way, and takes as many; which
// says what of it counts, append or take.
func seedStoring(name, which string, n int) measurement {
	return measurement{name: name, n: n, seed: true, run: func(ctx context.Context, l *lab, n int) (o outcome, err error) {
		if l.python.path == "" {
			return o, errNoPython
		}
		dir, err := os.MkdirTemp(l.dir, "seed")
		if err != nil {
			return o, err
		}
		var took map[string]float64
		if err := l.python.run(ctx, &took, "store", strconv.Itoa(l.scaled(backlog)), strconv.Itoa(n), dir); err != nil {
			return o, err
		}
		return outcome{perSecond: float64(n) / took[which], allocs: -1}, os.RemoveAll(dir)
	}}
}

// seedSending sends n messages the seed's way, to a process that stores them behind
// others; mode is memory or disk.
func seedSending(name, mode string, n int) measurement {
	return measurement{name: name, n: n, seed: true, run: func(ctx context.Context, l *lab, n int) (o outcome, err error) {
		if l.python.websockets == "" {
			return o, errNoPython
		}
		dir, err := os.MkdirTemp(l.dir, "seed")
		if err != nil {
			return o, err
		}
		queued := l.scaled(backlog)
		server := l.python.command(ctx, "serve", mode, strconv.Itoa(queued), dir)
		var errs bytes.Buffer
		server.Stderr = &errs
		stdin, err := server.StdinPipe()
		if err != nil {
			return o, err
		}
		stdout, err := server.StdoutPipe()
		if err != nil {
			return o, err
		}
		if err := server.Start(); err != nil {
			return o, err
		}
		seconds, err := l.sendSeed(ctx, bufio.NewReader(stdout), stdin, queued, n)
		if err != nil {
			server.Process.Kill() // it may wait for input
		}
		if err := errors.Join(err, server.Wait()); err != nil {
			return o, fmt.Errorf("seed.py serve: %w: %s", err, strings.TrimSpace(errs.String()))
		}
		return outcome{perSecond: float64(n) / seconds, allocs: -1}, os.RemoveAll(dir)
	}}
}

// sendSeed sends to a server, has it end, and looks what it has stored.
func (l *lab) sendSeed(ctx context.Context, out *bufio.Reader, in io.Closer, queued, n int) (seconds float64, err error) {
	port, err := out.ReadString('\n')
	if err != nil {
		return 0, err
	}
	var sent struct {
		Seconds      float64
		Acknowledged int
	}
	if err := l.python.run(ctx, &sent, "send", strings.TrimSpace(port), strconv.Itoa(n)); err != nil {
		return 0, err
	}
	if err := in.Close(); err != nil {
		return 0, err
	}
	var at struct{ Stored int }
	if err := json.NewDecoder(out).Decode(&at); err != nil {
		return 0, err
	}
	if sent.Acknowledged != n || at.Stored != queued+n {
		return 0, fmt.Errorf("%w: seed.py stored %d of %d messages and acknowledged %d of %d", errWrong, at.Stored, queued+n, sent.Acknowledged, n)
	}
	return sent.Seconds, nil
}
