//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package eventloop

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/conn/internal/drive"
)

// waiter is a Machine that waits for its socket to take bytes.
type waiter struct {
	gone
	took chan struct{}
}

func (waiter) Turn(*drive.Workspace) drive.Outcome { return drive.Drained }

func (w waiter) Writable() { close(w.took) }

// joined returns a socket that has no place yet, and the other end of its connection.
func joined(t *testing.T, e *Engine) (*socket, net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ours, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	peer, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	k, err := e.loops.place(ours)
	if err != nil {
		t.Fatal(err)
	}
	return k, peer
}

// fill writes until the socket takes no more, and asks to be told when it does.
func fill(t *testing.T, k *socket) {
	t.Helper()
	var err error
	for err == nil {
		_, err = k.Write(make([]byte, 64<<10), nil, false)
	}
	if err != drive.ErrWouldBlock {
		t.Fatal(err)
	}
	k.AwaitWrite()
}

func start(t *testing.T) *Engine {
	t.Helper()
	e, err := New(Config{Loops: 1})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// told wants something to be closed.
func told(t *testing.T, ch <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-ch:
	case <-time.After(10 * time.Second):
		t.Errorf("nobody was told: %s", what)
	}
}

// Whoever finds a socket full before it has its place on the loop is told when it takes
// bytes.
func TestAwaitWriteBeforeAdd(t *testing.T) {
	e := start(t)
	k, peer := joined(t, e)
	fill(t, k)
	w := waiter{took: make(chan struct{})}
	k.m = w
	if err := k.loop.add(k); err != nil {
		t.Fatal(err)
	}
	go io.Copy(io.Discard, peer)
	told(t, w.took, "of writability")
	k.become(gone{})
	e.Close()
	k.Close()
	peer.Close()
}
