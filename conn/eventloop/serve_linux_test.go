package eventloop_test

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/eventloop"
)

// lines is a log whose lines go to a channel.
type lines chan string

func (l lines) Write(p []byte) (int, error) {
	select {
	case l <- string(p):
	default: // nobody waits for so many
	}
	return len(p), nil
}

// Where descriptors run out, clients wait until there are some again.
func TestServeOutOfDescriptors(t *testing.T) {
	log := make(lines, 10)
	s := startService(t, eventloop.Config{Loops: 1, Logger: slog.New(slog.NewTextHandler(log, nil))}, nil, new(conn.Upgrader), echoAll)
	write(t, s.client(), "it serves")
	var was unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	few := was
	few.Cur = 256
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &few); err != nil {
		t.Skip(err)
	}
	defer unix.Setrlimit(unix.RLIMIT_NOFILE, &was)
	var used []*os.File
	release := func() {
		for _, f := range used {
			f.Close()
		}
		used = nil
	}
	defer release()
	for {
		f, err := os.Open(os.DevNull)
		if err != nil {
			break
		}
		used = append(used, f)
	}
	used[0].Close()
	used = used[1:]
	nc := s.dial() // which takes the last
	io.WriteString(nc, request)
	if line := next(t, log, "line in the log"); !strings.Contains(line, "too many open files") {
		t.Errorf("logged %q", line)
	}
	release()
	status(t, nc, http.StatusSwitchingProtocols)
}

// A listener that somebody else closes ends Serve with the next client.
func TestServeListenerClosed(t *testing.T) {
	s := startService(t, eventloop.Config{Loops: 2}, nil, new(conn.Upgrader), echoAll)
	c := s.client()
	s.l.Close()
	if nc, err := net.Dial("tcp", s.addr.String()); err == nil {
		nc.Close()
	}
	if err := next(t, s.ended, "end"); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("Serve returned %v", err)
	}
	write(t, c, "who is here stays")
	read(t, c, "who is here stays")
}
