//go:build unix

package app

import (
	"net"
	"os"
	"strconv"
	"syscall"
)

// inheritedListener makes a listener of an inherited descriptor.
func inheritedListener(fd int) (net.Listener, error) {
	syscall.CloseOnExec(fd)
	f := os.NewFile(uintptr(fd), "listener "+strconv.Itoa(fd))
	if f == nil {
		return nil, syscall.EBADF
	}
	defer f.Close() // the listener has a descriptor of its own
	return net.FileListener(f)
}
