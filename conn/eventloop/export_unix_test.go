//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package eventloop

import "unsafe"

// SizeOfSocket is what the package has of each connection.
const SizeOfSocket = unsafe.Sizeof(socket{})
