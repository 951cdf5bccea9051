package sock

import (
	"os"
	"syscall"
)

// Package net's defaults for connections that it accepts itself.
const (
	keepAliveIdle     = 15 // seconds until the first probe
	keepAliveInterval = 15 // seconds between probes
	keepAliveCount    = 9  // probes without an answer until the connection is given up
)

// KeepAlive has the kernel probe a TCP socket that is quiet, and those that a listener
// accepts.
func KeepAlive(fd int) error {
	for _, o := range [...]struct{ level, name, value int }{
		{syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, 1},
		{syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE, keepAliveIdle},
		{syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL, keepAliveInterval},
		{syscall.IPPROTO_TCP, syscall.TCP_KEEPCNT, keepAliveCount},
	} {
		if err := syscall.SetsockoptInt(fd, o.level, o.name, o.value); err != nil {
			return os.NewSyscallError("setsockopt", err)
		}
	}
	return nil
}
