//go:build darwin || freebsd || netbsd || openbsd || dragonfly

package eventloop

import "golang.org/x/sys/unix"

// readFD reads from a socket.
func readFD(fd int32, p []byte) (int, error) {
	for {
		n, err := unix.Read(int(fd), p)
		if err != unix.EINTR {
			return max(n, 0), err
		}
	}
}

// writeFD writes head and then tail to a socket, as far as it takes them.
func writeFD(fd int32, head, tail []byte, _ bool) (int, error) {
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

func writeOnce(fd int32, p []byte) (int, error) {
	for len(p) > 0 {
		n, err := unix.Write(int(fd), p)
		if err != unix.EINTR {
			return max(n, 0), err
		}
	}
	return 0, nil
}
