//go:build race

package conn

import "syscall"

// The race detector knows of what package syscall reads and writes, and that what
// was sent happened before what was received. Without that it would find races in
// programs that have none.

// readSocket reads once from a socket that doesn't block.
func readSocket(fd int, p []byte) (int, error) { return syscall.Read(fd, p) }

// writev writes the first part of w that isn't empty.
func writev(fd int, w *pendingWrite) (int, error) {
	if len(w.head) > 0 {
		return syscall.Write(fd, w.head)
	}
	return syscall.Write(fd, w.tail)
}
