//go:build unix && (!linux || race || 386 || s390x)

package sock

import "syscall"

// The system calls of reading and writing as package syscall makes them. The race
// detector knows of these, and that what was sent happened before what was received;
// without that it would find races in programs that have none. And two architectures
// make the calls of sockets in another way.

// Read reads once into p, which isn't empty. The error is 0 for none.
func Read(fd int, p []byte) (int, syscall.Errno) { return again(syscall.Read, fd, p) }

// Write writes head and then tail, of which one may be empty, as far as the socket
// takes them. That last says what comes next can't be made use of here.
func Write(fd int, head, tail []byte, last bool) (int, syscall.Errno) {
	n, err := writeOnce(fd, head)
	if err != 0 || n < len(head) || len(tail) == 0 {
		return n, err
	}
	m, err := writeOnce(fd, tail)
	if n > 0 {
		err = 0 // what is wrong shows at the next write
	}
	return n + m, err
}

// Readable reports whether a Read would return something else than EAGAIN.
func Readable(fd int) bool {
	var b [1]byte
	_, err := again(func(fd int, p []byte) (int, error) {
		n, _, err := syscall.Recvfrom(fd, p, syscall.MSG_PEEK)
		return n, err
	}, fd, b[:])
	return err != syscall.EAGAIN
}

// CloseWrite ends our direction of a connection.
func CloseWrite(fd int) { syscall.Shutdown(fd, syscall.SHUT_WR) }

// Close closes a descriptor.
func Close(fd int) { syscall.Close(fd) }

func writeOnce(fd int, p []byte) (int, syscall.Errno) {
	if len(p) == 0 {
		return 0, 0
	}
	return again(syscall.Write, fd, p)
}

// again makes a system call, again if it is interrupted.
func again(call func(int, []byte) (int, error), fd int, p []byte) (int, syscall.Errno) {
	for {
		n, err := call(fd, p)
		if err == nil {
			return n, 0
		}
		if errno := err.(syscall.Errno); errno != syscall.EINTR {
			return max(n, 0), errno
		}
	}
}
