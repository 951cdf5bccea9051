//go:build unix

package app_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
)

// asSuccessor is set for a run of the test binary that serves what it was handed.
const asSuccessor = "GODWIT_TEST_AS_SUCCESSOR"

// namesItself greets with the server's name.
type namesItself struct {
	app.Application
	name string
}

func (h *namesItself) OnOpen(c *app.Conn) error { return c.SendText(h.name) }

// serverNamed makes a server whose connections are greeted with its name.
func serverNamed(t *testing.T, name string) *app.Server {
	t.Helper()
	log, _ := logger(12)
	s, err := app.New(app.Config{Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	route(t, s.Router(), "/", func() any { return &namesItself{name: name} })
	return s
}

// TestSuccessor is the new process of a restart; it is run by TestRestart.
func TestSuccessor(t *testing.T) {
	name := os.Getenv(asSuccessor)
	if name == "" {
		t.Skip("run by TestRestart and TestActivation")
	}
	if name == "activated" {
		os.Setenv("LISTEN_PID", strconv.Itoa(os.Getpid())) // as systemd does between fork and exec
	}
	listeners, err := app.ActivationListeners()
	if err != nil || len(listeners) == 0 {
		t.Fatalf("%d listeners, %v", len(listeners), err)
	}
	if again, err := app.ActivationListeners(); len(again) > 0 || err != nil {
		t.Errorf("a second call: %v, %v", again, err)
	}
	s := serverNamed(t, name)
	var serving sync.WaitGroup
	for _, l := range listeners {
		serving.Go(func() { s.Serve(l) })
	}
	fmt.Println("serving")
	io.Copy(io.Discard, os.Stdin) // until whoever started us closes it
	if err := s.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	serving.Wait()
}

// successor is such a process.
func successor(t *testing.T, name string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "-test.run=^TestSuccessor$", "-test.timeout=60s")
	cmd.Env = append(os.Environ(), asSuccessor+"="+name)
	cmd.Stderr = os.Stderr
	return cmd
}

// startSuccessor starts it and waits until it serves; it ends with the test.
func startSuccessor(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the successor: %v", err)
		}
	})
	lines := bufio.NewReader(out)
	if line, err := lines.ReadString('\n'); line != "serving\n" {
		t.Fatalf("the successor says %q, %v", line, err)
	}
	go io.Copy(io.Discard, lines)
}

// askName connects and returns who answers. A server that is about to go may refuse
// once, or hang up before it answers: that a client tries again is all that is asked.
func askName(addr string) (string, error) {
	c, err := conn.Dial(context.Background(), "ws://"+addr+"/")
	if err != nil {
		return "", err
	}
	defer c.Abort()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	_, p, err := c.Read(ctx)
	return string(p), err
}

// TestRestart hands the listener over to a new process while clients come: the port is
// never without somebody who accepts.
func TestRestart(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	old := serverNamed(t, "old")
	served := make(chan error, 1)
	go func() { served <- old.Serve(l) }()

	var done atomic.Bool
	var refused, tried, byNew atomic.Int32
	var clients sync.WaitGroup
	for range 4 {
		clients.Go(func() {
			for !done.Load() {
				name, err := askName(addr)
				tried.Add(1)
				if errors.Is(err, syscall.ECONNREFUSED) {
					refused.Add(1)
				}
				if name == "new" {
					byNew.Add(1)
				}
			}
		})
	}
	cmd := successor(t, "new")
	release, err := app.PassListeners(cmd, l)
	if err != nil {
		t.Fatal(err)
	}
	startSuccessor(t, cmd)
	release()
	if err := old.Shutdown(context.Background()); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	if err := <-served; !errors.Is(err, app.ErrServerClosed) {
		t.Errorf("Serve: %v", err)
	}
	before := byNew.Load()
	eventually(t, "the new process serves", func() bool { return byNew.Load() > before+20 })
	done.Store(true)
	clients.Wait()
	if n := refused.Load(); n > 0 {
		t.Errorf("%d of %d connections were refused", n, tried.Load())
	}
	for range 10 {
		if name, err := askName(addr); name != "new" || err != nil {
			t.Errorf("afterwards %q, %v", name, err)
		}
	}
}

// TestActivation starts a process as systemd does: descriptors from 3 on, of a TCP and a
// unix socket.
func TestActivation(t *testing.T) {
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	path := filepath.Join(t.TempDir(), "s")
	unix, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close()
	cmd := successor(t, "activated")
	release, err := app.PassListeners(cmd, tcp, unix)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range cmd.Env { // in place of our own variable, systemd's
		if strings.HasPrefix(v, "GODWIT_LISTEN_FDS=") {
			cmd.Env[i] = "LISTEN_FDS=2"
		}
	}
	startSuccessor(t, cmd)
	release()
	tcp.Close()
	unix.Close()
	if name, err := askName(tcp.Addr().String()); name != "activated" || err != nil {
		t.Errorf("over TCP: %q, %v", name, err)
	}
	d := conn.Dialer{NetDial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}}
	c := dialWith(t, &d, "ws://localhost/")
	c.want("activated")
}

func TestActivationListenersRefuses(t *testing.T) {
	for name, env := range map[string]map[string]string{
		"no-number": {"GODWIT_LISTEN_FDS": "x"},
		"negative":  {"GODWIT_LISTEN_FDS": "-1"},
		"too-many":  {"LISTEN_FDS": "100000", "LISTEN_PID": strconv.Itoa(os.Getpid())},
	} {
		t.Run(name, func(t *testing.T) {
			for key, value := range env {
				t.Setenv(key, value)
			}
			if all, err := app.ActivationListeners(); err == nil {
				t.Errorf("ActivationListeners = %v", all)
			}
		})
	}
	t.Run("another-process", func(t *testing.T) {
		t.Setenv("LISTEN_FDS", "1")
		t.Setenv("LISTEN_PID", "1")
		if all, err := app.ActivationListeners(); err != nil || len(all) > 0 {
			t.Errorf("ActivationListeners = %v, %v", all, err)
		}
	})
}

func TestPassListenersRefuses(t *testing.T) {
	cmd := exec.Command("true")
	if _, err := app.PassListeners(cmd, newPipes()); err == nil {
		t.Error("a listener without a socket was handed over")
	}
	cmd.ExtraFiles = []*os.File{os.Stdin}
	if _, err := app.PassListeners(cmd); err == nil {
		t.Error("ExtraFiles of others were overwritten")
	}
}
