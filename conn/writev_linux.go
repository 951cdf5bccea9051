package conn

import (
	"syscall"
	"unsafe"
)

// writev writes the two parts of w in one system call. It needs
// unsafe because package syscall has no Writev.
func writev(fd int, w *pendingWrite) (int, error) {
	if len(w.tail) == 0 {
		return syscall.Write(fd, w.head)
	}
	if len(w.head) == 0 {
		return syscall.Write(fd, w.tail)
	}
	parts := [2]syscall.Iovec{{Base: &w.head[0]}, {Base: &w.tail[0]}}
	parts[0].SetLen(len(w.head))
	parts[1].SetLen(len(w.tail))
	n, _, errno := syscall.Syscall(syscall.SYS_WRITEV, uintptr(fd), uintptr(unsafe.Pointer(&parts)), 2)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
