//go:build race || 386 || s390x

package conn

import "syscall"

// The system calls of reading and writing as package syscall makes them. The race
// detector knows of these, and that what was sent happened before what was received;
// without that it would find races in programs that have none. And two architectures
// make the calls of sockets in another way.

// readSocket reads once from a socket that doesn't block.
func readSocket(fd int, p []byte) (int, error) { return syscall.Read(fd, p) }

// writev writes the first part of w that isn't empty.
func writev(fd int, w *pendingWrite) (int, error) {
	if len(w.head) > 0 {
		return syscall.Write(fd, w.head)
	}
	return syscall.Write(fd, w.tail)
}
