package main

import (
	"bytes"
	"context"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
)

// asProgram is set in the environment of those runs of the test binary that are
// to be the program itself, for what can only be tested from outside.
const asProgram = "GODWIT_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// patience is how long a test waits for what must come, and buildTime how long for a
// command that may build a program first, with nothing in the caches.
const (
	patience  = 20 * time.Second
	buildTime = 5 * time.Minute
)

// transcript collects output, and lets tests wait for a part of it.
type transcript struct {
	mu   sync.Mutex
	cond sync.Cond
	buf  bytes.Buffer
}

func newTranscript() *transcript {
	t := new(transcript)
	t.cond.L = &t.mu
	return t
}

func (t *transcript) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	defer t.cond.Broadcast()
	return t.buf.Write(p)
}

func (t *transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.buf.String()
}

// await waits for a whole line with text in it, and returns the line.
func (t *transcript) await(tb testing.TB, text string) string {
	tb.Helper()
	var late bool
	alarm := time.AfterFunc(patience, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		late = true
		t.cond.Broadcast()
	})
	defer alarm.Stop()
	t.mu.Lock()
	defer t.mu.Unlock()
	for {
		for line := range strings.Lines(t.buf.String()) {
			if strings.Contains(line, text) && strings.HasSuffix(line, "\n") {
				return strings.TrimSpace(line)
			}
		}
		if late {
			tb.Fatalf("no line with %q in:\n%s", text, t.buf.String())
		}
		t.cond.Wait()
	}
}

// result is what a command left.
type result struct {
	code     int
	out, err string
}

// invoke runs a command in this process until it is done.
func invoke(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), buildTime)
	defer cancel()
	out, errs := newTranscript(), newTranscript()
	code := run(ctx, args, stdio{strings.NewReader(stdin), out, errs})
	if ctx.Err() != nil {
		t.Fatalf("godwit %q did not end\n%s%s", args, out, errs)
	}
	return result{code, out.String(), errs.String()}
}

// server is a command that runs until it is stopped.
type server struct {
	url      string // the URL it printed
	out, err *transcript
	cancel   context.CancelFunc
	done     chan int
}

// start runs a server command in this process until the test ends.
func start(t *testing.T, args ...string) *server {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s := &server{out: newTranscript(), err: newTranscript(), cancel: cancel, done: make(chan int, 1)}
	go func() { s.done <- run(ctx, args, stdio{strings.NewReader(""), s.out, s.err}) }()
	t.Cleanup(func() { s.stop(t) })
	s.url = printedURL(t, s.out)
	return s
}

// stop ends the command as a signal would, and returns its exit status.
func (s *server) stop(t *testing.T) int {
	t.Helper()
	s.cancel()
	select {
	case code := <-s.done:
		s.done <- code
		return code
	case <-time.After(patience):
		t.Fatal("the server did not stop")
		return -1
	}
}

// printedURL returns the URL in the line that a server prints.
func printedURL(t *testing.T, out *transcript) string {
	t.Helper()
	line := out.await(t, "://")
	u, err := url.Parse(line[strings.LastIndex(line, " ")+1:])
	if err != nil || u.Port() == "" || u.Port() == "0" {
		t.Fatalf("%q doesn't end in a URL with a port: %v", line, err)
	}
	return u.String()
}

// dialTest connects to a server.
func dialTest(t *testing.T, d *conn.Dialer, url string) *conn.Conn {
	t.Helper()
	c, err := d.Dial(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Abort)
	return c
}

// exchange sends a message and returns the answer.
func exchange(t *testing.T, c *conn.Conn, op conn.Opcode, p []byte) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := c.Write(ctx, op, p); err != nil {
		t.Fatal(err)
	}
	got, answer, err := c.Read(ctx)
	if err != nil || got != op {
		t.Fatalf("read %v message, %v; want %v", got, err, op)
	}
	return answer
}

// wantClosed reads until the connection ends, and checks how.
func wantClosed(t *testing.T, c *conn.Conn, want string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		if _, _, err := c.Read(ctx); err != nil {
			if err.Error() != want {
				t.Errorf("the connection ended with %q, want %q", err, want)
			}
			return
		}
	}
}

const goingDown = `websocket closed by peer: 1001 going away, reason "server shutting down"`

// TestSignals runs the program itself: a signal closes all connections in order,
// and the program exits with 0.
func TestSignals(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows can't send signals")
	}
	for _, tt := range []struct {
		name   string
		signal os.Signal
		args   []string
	}{
		{"serve-interrupted", os.Interrupt, []string{"serve", "--addr", "127.0.0.1:0"}},
		{"serve-terminated", syscall.SIGTERM, []string{"serve", "--addr", "127.0.0.1:0"}},
		{"echo-interrupted", os.Interrupt, []string{"echo", "--addr", "127.0.0.1:0"}},
		{"echo-terminated", syscall.SIGTERM, []string{"echo", "--addr", "127.0.0.1:0"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cmd, out := program(t, tt.args...)
			url := printedURL(t, out)
			conns := make([]*conn.Conn, 3)
			for i := range conns {
				conns[i] = dialTest(t, new(conn.Dialer), url)
				exchange(t, conns[i], conn.Text, []byte("hello"))
			}
			if err := cmd.Process.Signal(tt.signal); err != nil {
				t.Fatal(err)
			}
			for _, c := range conns {
				wantClosed(t, c, goingDown)
			}
			if err := cmd.Wait(); err != nil {
				t.Errorf("%v; want exit status 0\n%s", err, out)
			}
		})
	}
}

// TestSignalDial interrupts the client: the server is told.
func TestSignalDial(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows can't send signals")
	}
	s := start(t, "serve", "--addr", "127.0.0.1:0")
	cmd, out := program(t, "dial", s.url)
	out.await(t, "connected")
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v; want exit status 0\n%s", err, out)
	}
	out.await(t, "websocket closed locally: "+frame.CodeGoingAway.String())
}

// program starts this test binary as the program, with its standard input open.
// Its output and its errors come to one transcript.
func program(t *testing.T, args ...string) (*exec.Cmd, *transcript) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	out := newTranscript()
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	cmd.Stdout, cmd.Stderr = out, out
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() }) // of no effect where it has ended
	return cmd, out
}
