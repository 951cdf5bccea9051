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

// before is a Machine that another takes the place of.
type before struct {
	gone
	took, ticked chan struct{}
}

func (before) Turn(*drive.Workspace) drive.Outcome { return drive.Paused }

func (b before) Writable()      { close(b.took) }
func (b before) Tick(time.Time) { close(b.ticked) }

// What a Machine was told before another has taken its place is told to that one.
func TestBecomeAfterEvents(t *testing.T) {
	e := start(t)
	k, peer := joined(t, e)
	first := before{took: make(chan struct{}), ticked: make(chan struct{})}
	k.m = first
	if err := k.loop.add(k); err != nil {
		t.Fatal(err)
	}
	fill(t, k)
	k.WakeAt(time.Now())
	go io.Copy(io.Discard, peer)
	told(t, first.took, "of writability")
	told(t, first.ticked, "of the time")
	second := before{took: make(chan struct{}), ticked: make(chan struct{})}
	k.become(second)
	told(t, second.took, "of writability, once more")
	told(t, second.ticked, "of the time, once more")
	k.become(gone{})
	e.Close()
	k.Close()
	peer.Close()
}

// busy is a Machine that has turns without end.
type busy struct {
	gone
	begun chan struct{}
}

func (b busy) Turn(*drive.Workspace) drive.Outcome {
	select {
	case b.begun <- struct{}{}:
	default:
	}
	return drive.More
}

// A Machine may take another's place while that has turns.
func TestBecomeBesideTurns(t *testing.T) {
	for range 20 {
		e := start(t)
		k, peer := joined(t, e)
		k.state.Or(moving)
		b := busy{begun: make(chan struct{})}
		k.m = b
		if err := k.loop.add(k); err != nil {
			t.Fatal(err)
		}
		<-b.begun
		k.become(gone{})
		e.Close()
		k.Close()
		peer.Close()
	}
}
