//go:build !race

package eventloop

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The system calls on a socket are those of sockets, which saves the kernel the
// layer for files, and raw where they are short: they never wait, so the scheduler
// needn't be told of them.

// shortTransfer is how many bytes at the most are transferred by a raw call, which
// takes as long as copying them. Longer ones would hold up whoever waits for the
// thread.
const shortTransfer = 512 << 10

// readFD reads from a socket.
func readFD(fd int32, p []byte) (int, error) {
	return transfer(unix.SYS_RECVFROM, fd, p, unix.MSG_DONTWAIT)
}

// writeFD writes head and then tail to a socket, as far as it takes them. If the end
// of our direction is next, the system waits for that, and the two are one segment.
func writeFD(fd int32, head, tail []byte, last bool) (int, error) {
	var flags uintptr = unix.MSG_DONTWAIT | unix.MSG_NOSIGNAL
	if last {
		flags |= unix.MSG_MORE
	}
	switch {
	case len(tail) == 0:
		return transfer(unix.SYS_SENDTO, fd, head, flags)
	case len(head) == 0:
		return transfer(unix.SYS_SENDTO, fd, tail, flags)
	}
	parts := [2]unix.Iovec{{Base: &head[0]}, {Base: &tail[0]}}
	parts[0].SetLen(len(head))
	parts[1].SetLen(len(tail))
	return call(unix.SYS_WRITEV, len(head)+len(tail), uintptr(fd), unsafe.Pointer(&parts), 2, 0)
}

// transfer makes the system call trap(fd, p, len(p), flags, 0, 0): recvfrom or sendto
// without an address.
func transfer(trap uintptr, fd int32, p []byte, flags uintptr) (int, error) {
	return call(trap, len(p), uintptr(fd), unsafe.Pointer(unsafe.SliceData(p)), uintptr(len(p)), flags)
}

// call makes a system call that transfers size bytes, again if it is interrupted.
func call(trap uintptr, size int, fd uintptr, base unsafe.Pointer, n, flags uintptr) (int, error) {
	for {
		var done uintptr
		var errno syscall.Errno
		if size <= shortTransfer {
			done, _, errno = unix.RawSyscall6(trap, fd, uintptr(base), n, flags, 0, 0)
		} else {
			done, _, errno = unix.Syscall6(trap, fd, uintptr(base), n, flags, 0, 0)
		}
		switch errno {
		case 0:
			return int(done), nil
		case unix.EINTR:
		default:
			return 0, errno
		}
	}
}
