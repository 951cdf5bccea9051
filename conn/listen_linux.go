package conn

import (
	"syscall"

	"github.com/godwit-ws/godwit/conn/internal/sock"
)

// inheritsOptions says that accepted sockets have the listener's options.
const inheritsOptions = true

// acceptSilent is for about how many seconds a connection isn't accepted on
// which nothing has come.
const acceptSilent = 1

// setOptions prepares the socket of a listener.
func setOptions(fd int) error {
	if err := sock.KeepAlive(fd); err != nil {
		return err
	}
	syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_DEFER_ACCEPT, acceptSilent) // else they are accepted at once
	return nil
}
