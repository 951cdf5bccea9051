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

// descriptors are all that the process has: they are used up.
type descriptors struct {
	was  unix.Rlimit
	used []*os.File
}

// noDescriptors uses up the process's descriptors until the test ends or they are
// released.
func noDescriptors(t *testing.T) *descriptors {
	t.Helper()
	d := new(descriptors)
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &d.was); err != nil {
		t.Fatal(err)
	}
	few := d.was
	few.Cur = min(d.was.Cur, 512)
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &few); err != nil {
		t.Skip(err)
	}
	t.Cleanup(d.release)
	for {
		f, err := os.Open(os.DevNull)
		if err != nil {
			return d
		}
		d.used = append(d.used, f)
	}
}

func (d *descriptors) release() {
	for _, f := range d.used {
		f.Close()
	}
	d.used = nil
	unix.Setrlimit(unix.RLIMIT_NOFILE, &d.was)
}

// flood connects clients, each of which takes the last descriptor, until enough says
// that it is enough: other tests' connections may be giving some back.
func (d *descriptors) flood(t *testing.T, addr net.Addr, enough func() bool) (clients []net.Conn) {
	t.Helper()
	eventually(t, "accepting fails", func() bool {
		nc, err := net.Dial(addr.Network(), addr.String())
		if err == nil {
			t.Cleanup(func() { nc.Close() })
			nc.SetDeadline(time.Now().Add(2 * limit))
			io.WriteString(nc, wsRequest) // its answer is looked at
			clients = append(clients, nc)
			return false
		}
		if enough() {
			return true
		}
		if n := len(d.used) - 1; n >= 0 {
			d.used[n].Close() // one for a client, who finds none to accept him
			d.used = d.used[:n]
		}
		return false
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
		d := noDescriptors(t)
		clients := d.flood(t, s.Addr(), func() bool { return strings.Count(lines.String(), "accept failed; trying again") > 2 })
		wantLine(t, lines, "too many open files")
		c.send("still here")
		c.want("still here")
		d.release()
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
		d := noDescriptors(t)
		clients := d.flood(t, s.Addr(), func() bool { return strings.Contains(lines.String(), "accept failed") })
		if err := s.Shutdown(t.Context()); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		d.release()
		for _, nc := range clients {
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
