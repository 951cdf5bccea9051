//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package eventloop

// event is what the system says of a socket. It may be late: the socket may have
// been closed since, or its descriptor be another's. So it says only that it is
// worth to look.
type event struct {
	index, age uint32 // of the socket in the loop's table; index 0 is the waker's
	readable   bool
	writable   bool
	hungUp     bool // the peer has closed its direction, or the connection is lost
}
