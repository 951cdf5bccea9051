package interop_test

import (
	"bufio"
	"io"
	"os/exec"
	"runtime"
	"sync"
	"testing"
	"time"
)

// process is a program that a test runs. It is gone when the test has ended.
type process struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout io.Reader
	stderr *tail
	done   chan struct{} // closed when it is gone
}

// start runs a program for the time of t. A program that doesn't go by itself
// when its input ends is killed, with all that it started.
func start(t *testing.T, name string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(name, args...), stderr: new(tail), done: make(chan struct{})}
	tieToUs(p.cmd)
	p.cmd.Stderr = p.stderr
	var err error
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	var w *io.PipeWriter
	p.stdout, w = io.Pipe()
	p.cmd.Stdout = w
	started := make(chan error)
	go p.run(started, w)
	if err := <-started; err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	t.Cleanup(func() { p.stop(t) })
	return p
}

// run starts the program and waits for it, on a thread of its own: on Linux the
// program ends with the thread that started it.
func (p *process) run(started chan<- error, stdout *io.PipeWriter) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := p.cmd.Start()
	started <- err
	if err == nil {
		p.cmd.Wait() // how it ended is of no interest, only that it did
	}
	stdout.Close()
	close(p.done)
}

// stop ends the input, waits a moment, and kills what is left.
func (p *process) stop(t *testing.T) {
	p.stdin.Close()
	go io.Copy(io.Discard, p.stdout)
	select {
	case <-p.done:
	case <-time.After(farewell):
	}
	killGroup(p.cmd)
	<-p.done
	if t.Failed() && p.stderr.String() != "" {
		t.Logf("%s said:\n%s", p.cmd.Path, p.stderr)
	}
}

// farewell is how long a program may take to go by itself.
const farewell = 2 * time.Second

// startAgent runs a program that is an agent: commands go in and reports come
// out, one a line.
func startAgent(t *testing.T, can ability, name string, args ...string) *agent {
	t.Helper()
	p := start(t, name, args...)
	a := newAgent(name, can)
	var mu sync.Mutex
	a.tell = func(line []byte) error {
		mu.Lock()
		defer mu.Unlock()
		_, err := p.stdin.Write(append(line, '\n'))
		return err
	}
	go func() {
		lines := bufio.NewReaderSize(p.stdout, 1<<16)
		for {
			line, err := lines.ReadBytes('\n')
			if err != nil {
				close(a.gone)
				return
			}
			a.report(line) // what isn't a report is missed by whoever waits for it
		}
	}()
	return a
}
