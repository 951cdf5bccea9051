//go:build !race && !386 && !s390x

package sock

import (
	"syscall"
	"unsafe"
)

// The system calls of reading, writing and closing, made directly. That they are those
// of sockets saves the kernel the layer for files: 3 % of an echo of 125 bytes. Not to
// tell the scheduler of the end of a connection saves 5 % of one that lives for a
// message: the scheduler would take the thread's processor away now and then.

// shortTransfer is how many bytes at the most are read or written without telling
// the Go scheduler. The sockets don't block, so such a call takes as long as copying
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

// Read reads once into p, which isn't empty. Errors are plain numbers, 0 for none: one of
// two reads fails for want of bytes.
func Read(fd int, p []byte) (int, syscall.Errno) {
	return transfer(syscall.SYS_RECVFROM, fd, p, syscall.MSG_DONTWAIT)
}

// Write writes head and then tail, of which one may be empty, as far as the socket
// takes them. last says that the end of our direction comes next, so that both can
// leave as one.
func Write(fd int, head, tail []byte, last bool) (int, syscall.Errno) {
	var flags uintptr = syscall.MSG_DONTWAIT | syscall.MSG_NOSIGNAL
	if last {
		flags |= msgMore
	}
	switch {
	case len(tail) == 0:
		return transfer(syscall.SYS_SENDTO, fd, head, flags)
	case len(head) == 0:
		return transfer(syscall.SYS_SENDTO, fd, tail, flags)
	}
	parts := [2]syscall.Iovec{{Base: &head[0]}, {Base: &tail[0]}}
	parts[0].SetLen(len(head))
	parts[1].SetLen(len(tail))
	return call(syscall.SYS_WRITEV, len(head)+len(tail), uintptr(fd), unsafe.Pointer(&parts), 2, 0)
}

// Readable reports whether a Read would return something else than EAGAIN. It takes
// nearly no stack.
func Readable(fd int) bool {
	var b [1]byte
	_, err := transfer(syscall.SYS_RECVFROM, fd, b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	return err != syscall.EAGAIN
}

// CloseWrite ends our direction of a connection.
func CloseWrite(fd int) { syscall.RawSyscall(syscall.SYS_SHUTDOWN, uintptr(fd), syscall.SHUT_WR, 0) }

// Close closes a descriptor.
func Close(fd int) { syscall.RawSyscall(syscall.SYS_CLOSE, uintptr(fd), 0, 0) }

// transfer makes the system call trap(fd, p, len(p), flags, 0, 0): recvfrom or sendto
// without an address.
func transfer(trap uintptr, fd int, p []byte, flags uintptr) (int, syscall.Errno) {
	return call(trap, len(p), uintptr(fd), unsafe.Pointer(unsafe.SliceData(p)), uintptr(len(p)), flags)
}

// call makes a system call that transfers size bytes, again if it is interrupted.
func call(trap uintptr, size int, fd uintptr, base unsafe.Pointer, n, flags uintptr) (int, syscall.Errno) {
	for {
		var done uintptr
		var errno syscall.Errno
		if size <= shortTransfer {
			done, _, errno = syscall.RawSyscall6(trap, fd, uintptr(base), n, flags, 0, 0)
		} else {
			done, _, errno = syscall.Syscall6(trap, fd, uintptr(base), n, flags, 0, 0)
		}
		switch errno {
		case 0:
			return int(done), 0
		case syscall.EINTR:
		default:
			return 0, errno
		}
	}
}
