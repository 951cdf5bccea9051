package eventloop

import (
	"syscall"
	"testing"

	"github.com/godwit-ws/godwit/conn/internal/drive"
)

// A peer that has TLS answer it and takes no answer isn't read from, until it has.
func TestSecureBacklog(t *testing.T) {
	e, err := New(Config{Loops: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC|syscall.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fds[0])
	defer syscall.Close(fds[1])
	k := &socket{home: &home{loop: e.loops.all[0]}, fd: int32(fds[0])}
	k.state.Store(scheduled)
	s := &secure{socket: k}
	answers := make([]byte, 1<<20)
	sealed{s}.Write(answers)
	if n, err := s.Read(make([]byte, 1)); n != 0 || err != drive.ErrWouldBlock {
		t.Fatalf("read %d bytes, %v", n, err)
	}
	if k.state.Load()&attended != 0 {
		t.Error("a turn is due")
	}
	for got := 0; got < len(answers); {
		n, err := syscall.Read(fds[1], answers)
		if err != nil {
			t.Fatal(err)
		}
		got += n
		s.writable()
	}
	if k.state.Load()&attended == 0 {
		t.Error("no turn is due")
	}
}
