//go:build !race && !386 && !s390x

package conn

import (
	"syscall"
	"unsafe"
)

// The system calls of reading and writing, made directly. That they are those of
// sockets saves the kernel the layer for files: 3 % of an echo of 125 bytes.

// shortTransfer is how many bytes at the most are read or written without telling
// the Go scheduler. Our sockets don't block, so such a call takes as long as copying
// the bytes, like any code, and what the scheduler does around a call that might take
// long is saved: 6 % of an echo of 125 bytes, and 10 to 15 % of one of 256 KiB, during
// which the processor would be given to another thread. A longer transfer would hold
// up for too long whoever waits for the thread.
const shortTransfer = 512 << 10

// msgMore is MSG_MORE, which package syscall lacks: the system waits for what comes
// next before it sends a segment that isn't full. With the end of our direction next,
// Close and FIN are one segment, which saves 8 % of a connection that lives for one
// message.
const msgMore = 0x8000

// readSocket reads once from a socket that doesn't block.
func readSocket(fd int, p []byte) (int, error) {
	return transfer(syscall.SYS_RECVFROM, fd, p, syscall.MSG_DONTWAIT)
}

// writev writes the next parts of w in one system call. It needs unsafe because
// package syscall has no Writev.
func writev(fd int, w *pendingWrite) (int, error) {
	var flags uintptr = syscall.MSG_DONTWAIT | syscall.MSG_NOSIGNAL
	if w.last {
		flags |= msgMore
	}
	head, tail := w.parts()
	switch {
	case len(tail) == 0:
		return transfer(syscall.SYS_SENDTO, fd, head, flags)
	case len(head) == 0:
		return transfer(syscall.SYS_SENDTO, fd, tail, flags)
	}
	parts := [2]syscall.Iovec{{Base: &head[0]}, {Base: &tail[0]}}
	parts[0].SetLen(len(head))
	parts[1].SetLen(len(tail))
	var n uintptr
	var errno syscall.Errno
	if len(head)+len(tail) <= shortTransfer {
		n, _, errno = syscall.RawSyscall(syscall.SYS_WRITEV, uintptr(fd), uintptr(unsafe.Pointer(&parts)), 2)
	} else {
		n, _, errno = syscall.Syscall(syscall.SYS_WRITEV, uintptr(fd), uintptr(unsafe.Pointer(&parts)), 2)
	}
	return result(n, errno)
}

// transfer makes the system call trap(fd, p, len(p), flags, 0, 0): recvfrom or sendto
// without an address.
func transfer(trap uintptr, fd int, p []byte, flags uintptr) (int, error) {
	var n uintptr
	var errno syscall.Errno
	base := unsafe.Pointer(unsafe.SliceData(p))
	if len(p) <= shortTransfer {
		n, _, errno = syscall.RawSyscall6(trap, uintptr(fd), uintptr(base), uintptr(len(p)), flags, 0, 0)
	} else {
		n, _, errno = syscall.Syscall6(trap, uintptr(fd), uintptr(base), uintptr(len(p)), flags, 0, 0)
	}
	return result(n, errno)
}

func result(n uintptr, errno syscall.Errno) (int, error) {
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
