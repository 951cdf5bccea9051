package app_test

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn/eventloop"
)

// fewDescriptors uses up the process's descriptors but n, until the test ends or the
// function that it returns is called.
func fewDescriptors(t *testing.T, n int) (release func()) {
	t.Helper()
	var was unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	few := was
	few.Cur = min(was.Cur, 512)
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &few); err != nil {
		t.Skip(err)
	}
	var used []*os.File
	release = func() {
		for _, f := range used {
			f.Close()
		}
		used = nil
		unix.Setrlimit(unix.RLIMIT_NOFILE, &was)
	}
	t.Cleanup(release)
	for {
		f, err := os.Open(os.DevNull)
		if err != nil {
			break
		}
		used = append(used, f)
	}
	if len(used) < n {
		t.Fatalf("%d descriptors are left, want %d", len(used), n)
	}
	for _, f := range used[:n] {
		f.Close()
	}
	used = used[n:]
	return release
}

// flood connects clients as long as there are descriptors, until enough says that it is
// enough: other tests' connections may still be giving some back.
func flood(t *testing.T, addr net.Addr, enough func() bool) (clients []net.Conn) {
	t.Helper()
	eventually(t, "accepting fails", func() bool {
		for {
			nc, err := net.Dial(addr.Network(), addr.String())
			if err != nil {
				return enough()
			}
			t.Cleanup(func() { nc.Close() })
			io.WriteString(nc, wsRequest) // its answer is looked at
			clients = append(clients, nc)
		}
	})
	return clients
}

// Where descriptors run out the server says so and goes on: clients wait until there are
// some again, and those who are here notice nothing.
func TestLoopsOutOfDescriptors(t *testing.T) {
	bothLoops(t, func(t *testing.T, e *eventloop.Engine) {
		log, lines := logger(slog.LevelWarn)
		s, url := serve(t, app.Config{Engine: e, Logger: log}, func(r *app.Router) { route(t, r, "/", func() any { return new(repeats) }) })
		c := dial(t, url)
		release := fewDescriptors(t, 1)
		clients := flood(t, s.Addr(), func() bool { return strings.Count(lines.String(), "accept failed; trying again") > 2 })
		wantLine(t, lines, "too many open files")
		c.send("still here")
		c.want("still here")
		release()
		for _, nc := range clients {
			wantStatus(t, nc, http.StatusSwitchingProtocols)
		}
		if st := s.Stats(); st.Refused != 0 {
			t.Errorf("Stats = %+v", st)
		}
	})
}

// Shutdown doesn't wait for the next try.
func TestLoopsShutdownOutOfDescriptors(t *testing.T) {
	bothLoops(t, func(t *testing.T, e *eventloop.Engine) {
		log, lines := logger(slog.LevelWarn)
		s, _ := serve(t, app.Config{Engine: e, Logger: log}, nil)
		wantStatus(t, connect(t, s.Addr(), wsRequest), http.StatusNotFound) // it accepts by now
		release := fewDescriptors(t, 1)
		clients := flood(t, s.Addr(), func() bool { return strings.Contains(lines.String(), "accept failed") })
		if err := s.Shutdown(t.Context()); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		release()
		for _, nc := range clients {
			nc.SetDeadline(time.Now().Add(limit))
			if _, err := io.Copy(io.Discard, nc); errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error("a client is left waiting")
			}
		}
	})
}

// A listener that the user closes ends Serve with the next client, as an error of the
// listener; who is here stays, who is about to come in may.
func TestLoopsListenerClosed(t *testing.T) {
	bothLoops(t, func(t *testing.T, e *eventloop.Engine) {
		s, url := serve(t, app.Config{Engine: e}, func(r *app.Router) { route(t, r, "/", func() any { return new(repeats) }) })
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		served := make(chan error, 1)
		go func() { served <- s.Serve(l) }()
		c := dial(t, "ws://"+l.Addr().String())
		slow := connect(t, l.Addr(), wsRequest[:20])
		eventually(t, "both are here", func() bool { return e.Len() == 2 })
		l.Close()
		if nc, err := net.Dial("tcp", l.Addr().String()); err == nil {
			nc.Close()
		}
		if err := <-served; !errors.Is(err, net.ErrClosed) || errors.Is(err, app.ErrServerClosed) {
			t.Errorf("Serve returned %v", err)
		}
		c.send("still here")
		c.want("still here")
		io.WriteString(slow, wsRequest[20:])
		wantStatus(t, slow, http.StatusSwitchingProtocols)
		dial(t, url) // the other listener is served
	})
}
