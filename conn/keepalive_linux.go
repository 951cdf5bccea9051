package conn

import "github.com/godwit-ws/godwit/conn/internal/sock"

// inheritsKeepAlive says that accepted sockets have the listener's options.
const inheritsKeepAlive = true

// setKeepAlive has the kernel probe a socket that is quiet.
func setKeepAlive(fd int) error { return sock.KeepAlive(fd) }
