//go:build unix

package sock_test

import (
	"bytes"
	"syscall"
	"testing"

	"github.com/godwit-ws/godwit/conn/internal/sock"
)

// pair returns two ends of a socket that don't block.
func pair(t *testing.T) (a, b int) {
	t.Helper()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		if err := syscall.SetNonblock(fd, true); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { syscall.Close(fd) })
	}
	return fds[0], fds[1]
}

func TestWriteAndRead(t *testing.T) {
	for _, tt := range []struct{ head, tail string }{{"head", ""}, {"", "tail"}, {"head", "tail"}} {
		a, b := pair(t)
		buf := make([]byte, 100)
		if n, err := sock.Read(b, buf); n != 0 || err != syscall.EAGAIN {
			t.Errorf("Read of nothing = %d, %v", n, err)
		}
		if sock.Readable(b) {
			t.Error("readable before anything was written")
		}
		for _, last := range []bool{false, true} {
			want := tt.head + tt.tail
			if n, err := sock.Write(a, []byte(tt.head), []byte(tt.tail), last); n != len(want) || err != 0 {
				t.Fatalf("Write(%q, %q) = %d, %v", tt.head, tt.tail, n, err)
			}
			if last {
				sock.CloseWrite(a)
			}
			if !sock.Readable(b) {
				t.Error("not readable when something was written")
			}
			if n, err := sock.Read(b, buf); string(buf[:n]) != want || err != 0 {
				t.Errorf("Read = %q, %v; want %q", buf[:n], err, want)
			}
		}
		if !sock.Readable(b) {
			t.Error("not readable at the end")
		}
		if n, err := sock.Read(b, buf); n != 0 || err != 0 {
			t.Errorf("Read at the end = %d, %v", n, err)
		}
	}
}

// What doesn't fit is left, and comes through in order: also where it is more than is
// transferred without telling the scheduler.
func TestWritePartly(t *testing.T) {
	a, b := pair(t)
	head, tail := bytes.Repeat([]byte("h"), 1000), bytes.Repeat([]byte("0123456789"), 200_000)
	want := append(bytes.Clone(head), tail...)
	var got []byte
	buf := make([]byte, 1<<20)
	for len(head)+len(tail) > 0 {
		n, err := sock.Write(a, head, tail, false)
		if err != 0 && err != syscall.EAGAIN || err != 0 && n > 0 {
			t.Fatalf("Write = %d, %v", n, err)
		}
		fromHead := min(n, len(head))
		head, tail = head[fromHead:], tail[n-fromHead:]
		for {
			n, err := sock.Read(b, buf)
			if err == syscall.EAGAIN {
				break
			}
			if err != 0 {
				t.Fatal(err)
			}
			got = append(got, buf[:n]...)
		}
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%d bytes came, %d were sent, or they differ", len(got), len(want))
	}
}

func TestErrors(t *testing.T) {
	a, b := pair(t)
	syscall.Shutdown(b, syscall.SHUT_RD)
	if n, err := sock.Write(a, []byte("x"), nil, false); n != 0 || err != syscall.EPIPE {
		t.Errorf("Write to nobody = %d, %v", n, err)
	}
	if _, err := sock.Read(-1, make([]byte, 1)); err != syscall.EBADF {
		t.Errorf("Read of no descriptor: %v", err)
	}
}

func TestClose(t *testing.T) {
	a, b := pair(t)
	spare, err := syscall.Dup(a)
	if err != nil {
		t.Fatal(err)
	}
	sock.Close(spare)
	if _, err := sock.Write(spare, []byte("x"), nil, false); err != syscall.EBADF {
		t.Errorf("Write after Close: %v", err)
	}
	if n, err := sock.Read(b, make([]byte, 1)); n != 0 || err != syscall.EAGAIN {
		t.Errorf("the other descriptor's peer reads %d, %v", n, err)
	}
}
