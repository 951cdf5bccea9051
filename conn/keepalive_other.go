//go:build !linux

package conn

// inheritsKeepAlive says that accepted sockets have the listener's options.
const inheritsKeepAlive = false

// setKeepAlive is not called here.
func setKeepAlive(int) error { return nil }
