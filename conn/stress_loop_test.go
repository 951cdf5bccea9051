package conn_test

import (
	"errors"
	"io"
	"log/slog"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/eventloop"
)

// TestStressOnLoops is TestStressOverSockets with the server's end on an event loop.
func TestStressOnLoops(t *testing.T) {
	for name, open := range map[string]transport{
		"tcp": overTCPToLoop, "unix": overUnixToLoop, "tls": overTLSToLoop, "late": overLateToLoop,
	} {
		for mode, inline := range map[string]bool{"inline": true, "pooled": false} {
			t.Run(name+"/"+mode, func(t *testing.T) {
				goroutines, files := runtime.NumGoroutine(), openFiles(t)
				engine, err := eventloop.New(eventloop.Config{Loops: 2, Inline: inline, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
				if err != nil {
					t.Fatal(err)
				}
				rounds(t, 150*time.Millisecond, func(t *testing.T, seed uint64) {
					within(t, "GODWIT_SEED="+strconv.FormatUint(seed, 10), func() { arena{open: open, engine: engine}.stress(t, seed) })
				})
				within(t, "the end of the engine", engine.Close)
				within(t, "the end of the last goroutine", func() {
					for runtime.NumGoroutine() > goroutines+1 || openFiles(t) > files {
						runtime.Gosched()
					}
				})
			})
		}
	}
}

// attached has an engine drive a connection, and waits until it has ended.
func attached(t testing.TB, engine *eventloop.Engine, h *hooks) {
	over := make(chan struct{})
	h.onClose = func() { close(over) }
	for {
		switch err := engine.Attach(h.c, h); {
		case errors.Is(err, conn.ErrInUse): // somebody writes a message in pieces
			runtime.Gosched()
		case errors.Is(err, conn.ErrClosed):
			return
		case err != nil:
			t.Errorf("Attach: %v", err)
			h.c.Abort()
			return
		default:
			<-over
			return
		}
	}
}

func overTCPToLoop(t testing.TB, server, client conn.Config) (s, c *conn.Conn, cut func()) {
	a, b := sockets(t, "tcp", "127.0.0.1:0")
	s, c = joined(t, server, client, a, b)
	return s, c, func() { b.Close() } // the loop has a descriptor of its own
}

// overLateToLoop has the client's bytes come late and in pieces, and taken so.
func overLateToLoop(t testing.TB, server, client conn.Config) (s, c *conn.Conn, cut func()) {
	a, b := sockets(t, "tcp", "127.0.0.1:0")
	s, c = joined(t, server, client, a, late(b, nil))
	return s, c, func() { b.Close() }
}

func overUnixToLoop(t testing.TB, server, client conn.Config) (s, c *conn.Conn, cut func()) {
	a, b := sockets(t, "unix", t.TempDir()+"/s")
	s, c = joined(t, server, client, a, b)
	return s, c, func() { b.Close() }
}

func overTLSToLoop(t testing.TB, server, client conn.Config) (s, c *conn.Conn, cut func()) {
	a, b := sockets(t, "tcp", "127.0.0.1:0")
	s, c = joinedTLSBy(t, server, client, eventloop.TLSServer(a, serverTLS()), b)
	return s, c, func() { b.Close() }
}
