//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package eventloop

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/godwit-ws/godwit/conn/internal/sock"
)

func again(err syscall.Errno) bool { return err == unix.EAGAIN || err == unix.EWOULDBLOCK }

func shutdownWrite(fd int32) { sock.CloseWrite(int(fd)) }
func shutdownBoth(fd int32)  { unix.Shutdown(int(fd), unix.SHUT_RDWR) }
func closeFD(fd int32)       { sock.Close(int(fd)) }

// takeFD takes the descriptor out of nc, which it closes: what was made for the
// runtime's poller is free then.
func takeFD(nc syscall.Conn) (int32, error) {
	rc, err := nc.SyscallConn()
	if err != nil {
		return 0, err
	}
	fd, err := duplicate(rc)
	if err != nil {
		return 0, err
	}
	nc.(net.Conn).Close() // ours is a descriptor of its own
	return fd, nil
}

// duplicate returns another descriptor of the same socket.
func duplicate(rc syscall.RawConn) (int32, error) {
	fd, dupErr := -1, error(nil)
	err := rc.Control(func(old uintptr) {
		fd, dupErr = unix.FcntlInt(old, unix.F_DUPFD_CLOEXEC, 0)
	})
	if err == nil {
		err = dupErr
	}
	return int32(fd), err
}
