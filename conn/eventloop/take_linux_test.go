package eventloop

import (
	"runtime"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/internal/drive"
)

// A socket that another loop accepts has no turn before it has its place: where it gets
// none it would be closed twice, and its end be told of twice.
func TestTakeAborted(t *testing.T) {
	e, err := New(Config{Loops: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	l := e.loops.all[0]
	told := make(chan error, 2)
	a := &acceptor{loops: &e.loops, ctx: t.Context(), r: &Reception{
		Upgrader: new(conn.Upgrader),
		Arrive: func(at Arrival) func(*conn.Opening, error) {
			at.(drive.Machine).Abort()
			for deadline := time.Now().Add(time.Second); l.news.Load() && time.Now().Before(deadline); {
				runtime.Gosched() // the loop is still to look
			}
			return func(_ *conn.Opening, err error) { told <- err }
		},
	}}
	if err := a.take(l, -1, peer{}); err == nil {
		t.Error("a bad descriptor was taken")
	}
	if e.Len() != 0 {
		t.Errorf("the loop has %d sockets", e.Len())
	}
	if len(told) != 1 {
		t.Errorf("told %d times", len(told))
	}
}

// An Arrival that nobody wanted may be closed afterwards. Its descriptor is another's by
// then.
func TestCloseUnwantedArrival(t *testing.T) {
	e, err := New(Config{Loops: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	var kept Arrival
	a := &acceptor{loops: &e.loops, ctx: t.Context(), r: &Reception{
		Upgrader: new(conn.Upgrader),
		Arrive: func(at Arrival) func(*conn.Opening, error) {
			kept = at
			return nil
		},
	}}
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fds[0])
	defer syscall.Close(fds[1])
	number, err := unix.FcntlInt(uintptr(fds[0]), unix.F_DUPFD_CLOEXEC, 500) // which nobody else is given
	if err != nil {
		t.Fatal(err)
	}
	if err := a.take(e.loops.all[0], int32(number), peer{}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Dup3(fds[0], number, syscall.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(number)
	kept.Close()
	if _, err := syscall.Write(fds[0], []byte("still open")); err != nil {
		t.Errorf("another's socket was shut down: %v", err)
	}
}

// A socket is given another machine while it has turns: the race detector looks on.
func TestBecomeDuringTurns(t *testing.T) {
	e, err := New(Config{Loops: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	l := e.loops.all[0]
	for range 50 {
		k := &socket{home: &home{loop: l}, m: still{}, fd: -1}
		k.state.Store(moving)
		k.Attend()
		<-time.After(200 * time.Microsecond) // nothing that turns wait for, or the detector sees no race
		k.become(still{})
	}
}

// still is a machine that has nothing to do, and takes its time.
type still struct{ gone }

func (still) Turn(*drive.Workspace) drive.Outcome {
	<-time.After(500 * time.Microsecond)
	return drive.Paused
}
