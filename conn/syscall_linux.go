//go:build !race && !386 && !s390x

package conn

import (
	"syscall"
	"unsafe"
)

// The system calls of reading and writing, made directly. That they are those of
// sockets saves the kernel the layer for files: 3 % of an echo of 125 bytes.

// shortTransfer is how many bytes at the most are read or written without telling
// the Go scheduler. Our sockets don't block, so such a call takes a few microseconds
// like any code, and what the scheduler does around a call that might take long is
// saved: 6 % of an echo of 125 bytes. A longer transfer would hold up whoever waits
// for the thread.
const shortTransfer = maxScratch

// msgMore is MSG_MORE, which package syscall lacks: the system waits for what comes
// next before it sends a segment that isn't full. With the end of our direction next,
// Close and FIN are one segment, which saves 8 % of a connection that lives for one
// message.
const msgMore = 0x8000

// readSocket reads once from a socket that doesn't block.
func readSocket(fd int, p []byte) (int, error) {
	return transfer(syscall.SYS_RECVFROM, fd, p, syscall.MSG_DONTWAIT)
}

// writev writes the two parts of w in one system call. It needs unsafe because
// package syscall has no Writev.
func writev(fd int, w *pendingWrite) (int, error) {
	var flags uintptr = syscall.MSG_DONTWAIT | syscall.MSG_NOSIGNAL
	if w.last {
		flags |= msgMore
	}
	switch {
	case len(w.tail) == 0:
		return transfer(syscall.SYS_SENDTO, fd, w.head, flags)
	case len(w.head) == 0:
		return transfer(syscall.SYS_SENDTO, fd, w.tail, flags)
	}
	parts := [2]syscall.Iovec{{Base: &w.head[0]}, {Base: &w.tail[0]}}
	parts[0].SetLen(len(w.head))
	parts[1].SetLen(len(w.tail))
	var n uintptr
	var errno syscall.Errno
	if len(w.head)+len(w.tail) <= shortTransfer {
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
