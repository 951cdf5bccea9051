package eventloop

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The system calls on a socket are raw: they never wait, so the scheduler needn't
// be told of them.

// readFD reads from a socket.
func readFD(fd int32, p []byte) (int, error) {
	for {
		n, _, errno := unix.RawSyscall(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)))
		switch errno {
		case 0:
			return int(n), nil
		case unix.EINTR:
		default:
			return 0, errno
		}
	}
}

// writeFD writes head and then tail to a socket, as far as it takes them.
func writeFD(fd int32, head, tail []byte) (int, error) {
	for {
		n, errno := writeOnce(uintptr(fd), head, tail)
		switch errno {
		case 0:
			return int(n), nil
		case unix.EINTR:
		default:
			return 0, errno
		}
	}
}

func writeOnce(fd uintptr, head, tail []byte) (uintptr, syscall.Errno) {
	switch {
	case len(tail) == 0:
		n, _, errno := unix.RawSyscall(unix.SYS_WRITE, fd, uintptr(unsafe.Pointer(&head[0])), uintptr(len(head)))
		return n, errno
	case len(head) == 0:
		n, _, errno := unix.RawSyscall(unix.SYS_WRITE, fd, uintptr(unsafe.Pointer(&tail[0])), uintptr(len(tail)))
		return n, errno
	}
	parts := [2]unix.Iovec{{Base: &head[0]}, {Base: &tail[0]}}
	parts[0].SetLen(len(head))
	parts[1].SetLen(len(tail))
	n, _, errno := unix.RawSyscall(unix.SYS_WRITEV, fd, uintptr(unsafe.Pointer(&parts)), 2)
	return n, errno
}
