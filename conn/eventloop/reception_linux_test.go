package eventloop_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/eventloop"
	"github.com/godwit-ws/godwit/handshake"
)

// lobby is a Reception whose connections wait for the test.
type lobby struct {
	*service
	arrived chan eventloop.Arrival
	ends    chan error // of each connection: nil for a request
	halt    chan struct{}
}

// openLobby accepts connections on loops of the mode.
func openLobby(t *testing.T, inline bool) *lobby {
	t.Helper()
	e, err := eventloop.New(eventloop.Config{Loops: 2, Inline: inline, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	b := &lobby{
		service: &service{t: t, engine: e, addr: l.Addr(), l: l, stop: stop, ended: make(chan error, 1)},
		arrived: make(chan eventloop.Arrival, 10), ends: make(chan error, 10), halt: make(chan struct{}),
	}
	go func() {
		b.ended <- e.Accept(ctx, l, eventloop.Reception{
			Upgrader: new(conn.Upgrader),
			Arrive: func(a eventloop.Arrival) func(*conn.Opening, error) {
				b.arrived <- a
				return func(o *conn.Opening, err error) {
					b.ends <- err
					if err == nil {
						echoAll(e, o)
					}
				}
			},
			Failed: func(err error) error { return err },
			Stop:   b.halt,
		})
		l.Close()
	}()
	t.Cleanup(func() {
		stop()
		e.Close()
	})
	return b
}

func bothLobbies(t *testing.T, f func(t *testing.T, b *lobby)) {
	for _, mode := range modes {
		t.Run(mode.name, func(t *testing.T) { f(t, openLobby(t, mode.inline)) })
	}
}

// enter returns a client that has arrived and sent text.
func (b *lobby) enter(text string) (net.Conn, eventloop.Arrival) {
	b.t.Helper()
	nc := b.dial()
	io.WriteString(nc, text)
	a := next(b.t, b.arrived, "arrival")
	if got, want := a.RemoteAddr().String(), nc.LocalAddr().String(); got != want {
		b.t.Errorf("%s arrived, want %s", got, want)
	}
	return nc, a
}

// wantEnd wants to be told of a connection that its request didn't come for want of err.
func (b *lobby) wantEnd(want error) {
	b.t.Helper()
	if err := next(b.t, b.ends, "end"); !errors.Is(err, want) {
		b.t.Errorf("told %v, want %v", err, want)
	}
}

// gone wants a connection to end without an answer.
func gone(t *testing.T, nc net.Conn) {
	t.Helper()
	if n, err := nc.Read(make([]byte, 1)); err == nil {
		t.Errorf("answered with %d bytes", n)
	} else if ne, ok := errors.AsType[net.Error](err); ok && ne.Timeout() {
		t.Error("the connection goes on")
	}
}

// Each connection is told of once, with its request or with why there is none.
func TestAcceptTellsOfEach(t *testing.T) {
	bothLobbies(t, func(t *testing.T, b *lobby) {
		nc, a := b.enter(request)
		b.wantEnd(nil)
		status(t, nc, http.StatusSwitchingProtocols)
		for range 2 { // the first shows that the loop has it, for good
			io.WriteString(nc, "\x81\x85\x00\x00\x00\x00hello")
			got := make([]byte, 7)
			if _, err := io.ReadFull(nc, got); err != nil || string(got) != "\x81\x05hello" {
				t.Errorf("echoed %q, %v", got, err)
			}
			a.Close() // of no effect
		}

		nc, _ = b.enter("rubbish\r\n\r\n")
		b.wantEnd(handshake.ErrSyntax)
		status(t, nc, http.StatusBadRequest)

		nc, _ = b.enter(request[:20])
		nc.Close()
		b.wantEnd(io.EOF)

		for _, sent := range []string{"", request[:20]} {
			nc, a = b.enter(sent)
			a.Close()
			b.wantEnd(net.ErrClosed)
			gone(t, nc)
			a.Close()
		}
	})
}

// A client whose machine is gone is noticed, whoever made the listener: package net has
// what it accepts itself probed, and the loops must.
func TestAcceptKeepsAlive(t *testing.T) {
	bothLobbies(t, func(t *testing.T, b *lobby) {
		b.enter("") // which may have come before the loops had the listener
		nc, a := b.enter("")
		const most = 1 << 10 // descriptors
		for fd := range most {
			sa, err := unix.Getpeername(fd)
			if err != nil {
				continue
			}
			from, ok := sa.(*unix.SockaddrInet4)
			if !ok || from.Port != nc.LocalAddr().(*net.TCPAddr).Port {
				continue
			}
			on, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE)
			if on == 0 || err != nil {
				t.Errorf("SO_KEEPALIVE is %d, %v", on, err)
			}
			idle, err := unix.GetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPIDLE)
			if idle > 60 || err != nil {
				t.Errorf("the first probe leaves after %d s, %v", idle, err)
			}
			a.Close()
			b.wantEnd(net.ErrClosed)
			return
		}
		t.Error("no socket of the server's was found")
	})
}

// After Stop those who are there may still ask, until ctx ends.
func TestAcceptStops(t *testing.T) {
	bothLobbies(t, func(t *testing.T, b *lobby) {
		slow, _ := b.enter(request[:20])
		silent, _ := b.enter("")
		close(b.halt)
		if err := next(t, b.ended, "end"); err != nil {
			t.Errorf("Accept returned %v", err)
		}
		waitFor(t, "nobody listens", func() bool {
			nc, err := net.Dial("tcp", b.addr.String())
			if err == nil {
				nc.Close()
			}
			return err != nil
		})
		io.WriteString(slow, request[20:])
		b.wantEnd(nil)
		status(t, slow, http.StatusSwitchingProtocols)
		b.stop()
		b.wantEnd(context.Canceled)
		gone(t, silent)
	})
}

// Those who wait when the Engine is closed are told of too.
func TestAcceptEngineClosed(t *testing.T) {
	bothLobbies(t, func(t *testing.T, b *lobby) {
		nc, _ := b.enter("")
		b.engine.Close()
		if err := next(t, b.ended, "end"); !errors.Is(err, eventloop.ErrClosed) {
			t.Errorf("Accept returned %v", err)
		}
		b.wantEnd(net.ErrClosed)
		gone(t, nc)
		if err := b.engine.Accept(t.Context(), b.l, eventloop.Reception{}); !errors.Is(err, eventloop.ErrClosed) {
			t.Errorf("Accept on a closed engine returned %v", err)
		}
	})
}

// Who isn't wanted is closed, and other listeners are left alone.
func TestAcceptDeclines(t *testing.T) {
	e, err := eventloop.New(eventloop.Config{Loops: 1, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := e.Accept(t.Context(), struct{ net.Listener }{l}, eventloop.Reception{}); !errors.Is(err, eventloop.ErrListener) {
		t.Errorf("Accept of a listener it doesn't know returned %v", err)
	}
	ended, halt := make(chan error, 1), make(chan struct{})
	go func() {
		ended <- e.Accept(context.Background(), l, eventloop.Reception{
			Upgrader: new(conn.Upgrader),
			Arrive:   func(eventloop.Arrival) func(*conn.Opening, error) { return nil },
			Stop:     halt,
		})
	}()
	s := &service{t: t, engine: e, addr: l.Addr()}
	nc := s.dial()
	gone(t, nc)
	close(halt)
	if err := next(t, ended, "end"); err != nil {
		t.Errorf("Accept returned %v", err)
	}
}
