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

// After a turn that has read nothing the socket rests only if nothing can have come before
// it: that is told of once.
func TestUnread(t *testing.T) {
	tests := []struct {
		name  string
		began uint32 // the state in which the turn has begun, of which ready is cleared
		since uint32 // what came during the turn
		tls   bool
		want  bool
	}{
		{"nothing came", 0, 0, false, true},
		{"bytes came before", ready, 0, false, false},
		{"bytes came meanwhile", 0, ready, false, false},
		{"a turn is due", 0, attended, false, false},
		{"the peer has closed", 0, hungUp, false, false},
		{"TLS may hold bytes back", 0, 0, true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := &socket{home: new(home)}
			if tt.tls {
				k.secure = new(secure)
			}
			k.state.Store(scheduled | tt.since)
			if got := k.after(drive.Unread, scheduled|tt.began); got != tt.want {
				t.Errorf("after an unread turn it rests: %t, want %t", got, tt.want)
			}
			if resting := k.state.Load()&scheduled == 0; resting != tt.want {
				t.Errorf("it is scheduled: %t, want %t", !resting, !tt.want)
			}
		})
	}
	t.Run("after a turn that left bytes", func(t *testing.T) {
		k := &socket{home: new(home)}
		k.state.Store(scheduled)
		if k.after(drive.More, scheduled) {
			t.Error("it rests after More")
		}
		if state := k.state.And(^uint32(ready | attended | paused)); k.after(drive.Unread, state) {
			t.Error("it rests before anybody has read what was left")
		}
	})
}

// A short read says that the end comes next only if the peer had closed its direction
// before it: what is told during a turn may be of bytes and the end behind them, and of
// neither is told again.
func TestDrained(t *testing.T) {
	tests := []struct {
		name         string
		began, since uint32 // as in TestUnread
		want         bool
		left         uint32 // of hungUp, for the next turn
	}{
		{"nothing came", 0, 0, true, 0},
		{"bytes came meanwhile", 0, ready, false, 0},
		{"the peer had closed", ready | hungUp, hungUp, false, 0},
		{"the peer has closed meanwhile", 0, ready | hungUp, false, hungUp},
		{"and said so twice", hungUp, ready | hungUp, false, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := &socket{home: new(home)}
			k.state.Store(scheduled | tt.since)
			if got := k.after(drive.Drained, scheduled|tt.began); got != tt.want {
				t.Errorf("after a drained turn it rests: %t, want %t", got, tt.want)
			}
			if left := k.state.Load() & hungUp; left != tt.left {
				t.Errorf("hungUp is %#x, want %#x", left, tt.left)
			}
		})
	}
}
