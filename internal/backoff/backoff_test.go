package backoff_test

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/internal/backoff"
)

func TestPassing(t *testing.T) {
	for err, want := range map[error]bool{
		&net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", syscall.EMFILE)}: true,
		os.NewSyscallError("epoll_ctl", syscall.ENOSPC):                                true, // /proc/sys/fs/epoll/max_user_watches
		syscall.ECONNABORTED:     true,
		syscall.EINVAL:           false,
		net.ErrClosed:            false,
		errors.Join(io.EOF, nil): false,
	} {
		if got := backoff.Passing(err); got != want {
			t.Errorf("Passing(%v) = %v", err, got)
		}
	}
}

func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w backoff.Wait
		want := 5 * time.Millisecond
		for i := range 20 {
			d, begins := w.Next()
			if d != want || begins != (i == 0) {
				t.Fatalf("wait %d is %v, the first %v; want %v", i, d, begins, want)
			}
			time.Sleep(d)
			want = min(2*want, time.Second)
		}
		time.Sleep(time.Second)
		if d, begins := w.Next(); d != time.Second || begins {
			t.Errorf("after a try of a second: %v, the first %v", d, begins)
		}
		time.Sleep(2*time.Second + 1)
		if d, begins := w.Next(); d != 5*time.Millisecond || !begins {
			t.Errorf("after a try that lasted: %v, the first %v", d, begins)
		}
	})
}
