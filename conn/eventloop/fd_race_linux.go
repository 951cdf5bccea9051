//go:build race

package eventloop

import "syscall"

// The system calls as package syscall makes them: the race detector knows of these,
// and that what was sent happened before what was received.

// readFD reads from a socket.
func readFD(fd int32, p []byte) (int, error) {
	for {
		n, err := syscall.Read(int(fd), p)
		if err != syscall.EINTR {
			return max(n, 0), err
		}
	}
}

// writeFD writes the first of head and tail that isn't empty, as far as the socket
// takes it.
func writeFD(fd int32, head, tail []byte, _ bool) (int, error) {
	if len(head) == 0 {
		head = tail
	}
	for {
		n, err := syscall.Write(int(fd), head)
		if err != syscall.EINTR {
			return max(n, 0), err
		}
	}
}
