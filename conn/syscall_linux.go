//go:build !race

package conn

import (
	"syscall"
	"unsafe"
)

// shortTransfer is how many bytes at the most are read or written without telling
// the Go scheduler. Our sockets don't block, so such a call takes a few microseconds
// like any code, and what the scheduler does around a call that might take long is
// saved: 5 % of an echo of 125 bytes. A longer transfer would hold up whoever waits
// for the thread.
const shortTransfer = maxScratch

// readSocket reads once from a socket that doesn't block.
func readSocket(fd int, p []byte) (int, error) {
	return transfer(syscall.SYS_READ, fd, unsafe.Pointer(unsafe.SliceData(p)), len(p), len(p))
}

// writev writes the two parts of w in one system call. It needs unsafe because
// package syscall has no Writev.
func writev(fd int, w *pendingWrite) (int, error) {
	n := len(w.head) + len(w.tail)
	switch {
	case len(w.tail) == 0:
		return transfer(syscall.SYS_WRITE, fd, unsafe.Pointer(unsafe.SliceData(w.head)), n, n)
	case len(w.head) == 0:
		return transfer(syscall.SYS_WRITE, fd, unsafe.Pointer(unsafe.SliceData(w.tail)), n, n)
	}
	parts := [2]syscall.Iovec{{Base: &w.head[0]}, {Base: &w.tail[0]}}
	parts[0].SetLen(len(w.head))
	parts[1].SetLen(len(w.tail))
	return transfer(syscall.SYS_WRITEV, fd, unsafe.Pointer(&parts), len(parts), n)
}

// transfer makes the system call trap(fd, p, arg), which moves size bytes at most.
func transfer(trap uintptr, fd int, p unsafe.Pointer, arg, size int) (int, error) {
	var n uintptr
	var errno syscall.Errno
	if size <= shortTransfer {
		n, _, errno = syscall.RawSyscall(trap, uintptr(fd), uintptr(p), uintptr(arg))
	} else {
		n, _, errno = syscall.Syscall(trap, uintptr(fd), uintptr(p), uintptr(arg))
	}
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
