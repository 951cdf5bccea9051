//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package eventloop

import (
	"runtime"
	"testing"

	"github.com/godwit-ws/godwit/conn/internal/drive"
)

// The watch looks after each turn, however long it has found nothing to look after: a
// turn that nobody looks after holds the loop as long as its hook waits.
func TestWatchArmed(t *testing.T) {
	e, err := New(Config{Loops: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	l, h := e.loops.all[0], e.loops.pool.take()
	k := &socket{home: &home{loop: l}, fd: -1}
	armed := false
	k.m = looking{f: func() { armed = l.shared.watch.armed.Load() }}
	k.turns(h, &l.shift)
	if !armed {
		t.Error("nobody looks after a loop's turn")
	}
	for l.shared.watch.armed.Load() { // until it has seen that there is nothing
		runtime.Gosched()
	}
	k.turns(h, &h.shift)
	if !armed {
		t.Error("nobody looks after a turn of the pool")
	}
}

// looking is a machine whose turns do something.
type looking struct {
	gone
	f func()
}

func (m looking) Turn(*drive.Workspace) drive.Outcome {
	m.f()
	return drive.Over
}
