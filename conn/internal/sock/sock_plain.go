//go:build unix && (!linux || race || 386 || s390x)

package sock

import "syscall"

// The system calls of reading and writing as package syscall makes them. The race
// detector knows of these, and that what was sent happened before what was received;
// without that it would find races in programs that have none. And two architectures
// make the calls of sockets in another way.

// Read reads once into p, which isn't empty.
func Read(fd int, p []byte) (int, error) {
	for {
		n, err := syscall.Read(fd, p)
		if err != syscall.EINTR {
			return max(n, 0), err
		}
	}
}

// Write writes head and then tail, of which one may be empty, as far as the socket
// takes them. That last says what comes next can't be made use of here.
func Write(fd int, head, tail []byte, last bool) (int, error) {
	n, err := writeOnce(fd, head)
	if err != nil || n < len(head) || len(tail) == 0 {
		return n, err
	}
	m, err := writeOnce(fd, tail)
	if n > 0 {
		err = nil // what is wrong shows at the next write
	}
	return n + m, err
}

// CloseWrite ends our direction of a connection.
func CloseWrite(fd int) { syscall.Shutdown(fd, syscall.SHUT_WR) }

// Close closes a descriptor.
func Close(fd int) { syscall.Close(fd) }

func writeOnce(fd int, p []byte) (int, error) {
	for len(p) > 0 {
		n, err := syscall.Write(fd, p)
		if err != syscall.EINTR {
			return max(n, 0), err
		}
	}
	return 0, nil
}
