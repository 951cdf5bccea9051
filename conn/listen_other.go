//go:build !linux

package conn

// inheritsOptions says that accepted sockets have the listener's options.
const inheritsOptions = false

// setOptions is not called here.
func setOptions(int) error { return nil }
