package eventloop

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A parked poller tells of what had happened before, of what happens meanwhile and of
// being woken, each once; it returns when its time has come, and doesn't wait if there
// is something else to do.
func TestPark(t *testing.T) {
	p, err := newPoller()
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	if !p.parks() {
		t.Fatal("the runtime's poller doesn't take ours")
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pair[0])
	defer unix.Close(pair[1])
	if err := p.add(int32(pair[0]), 7, 1); err != nil {
		t.Fatal(err)
	}
	var events [8]event
	var far = time.Now().Add(time.Hour)
	waits := 0
	wait := func() bool { waits++; return false }
	send := func() {
		if _, err := unix.Write(pair[1], []byte{0}); err != nil {
			t.Error(err)
		}
	}
	readable := func(n int) {
		t.Helper()
		if n != 1 || events[0].index != 7 || !events[0].readable {
			t.Fatalf("%d events, the first %+v", n, events[0])
		}
	}

	send()
	readable(p.park(events[:], far, wait))
	if waits != 0 {
		t.Error("waited for what was there")
	}
	if n := p.park(events[:], far, func() bool { return true }); n != 0 {
		t.Fatalf("%d events beside something else to do", n)
	}
	for range 100 {
		go send()
		readable(p.park(events[:], far, wait))
	}
	p.wake()
	if n := p.park(events[:], far, wait); n != 1 || events[0].index != 0 {
		t.Fatalf("woken by %d events, the first %+v", n, events[0])
	}
	for _, at := range []time.Time{time.Now().Add(-time.Second), time.Now().Add(5 * time.Millisecond)} {
		if n := p.park(events[:], at, wait); n != 0 || time.Now().Before(at) {
			t.Fatalf("%d events, %v too early", n, time.Until(at))
		}
	}
	send()
	readable(p.park(events[:], time.Time{}, wait))
}
