// Package sock reads from, writes to and closes sockets that don't block, by their
// descriptors. It is for engines that know when a socket is ready: none of its calls
// waits, so the Go scheduler need not be told of them. What Direct returns makes the same
// calls for goroutines, and has them wait; KeepAlive is for whoever accepts sockets.
//
// Errors are bare, but for those of Direct: syscall.EAGAIN where the socket has or takes
// nothing, else what the system said. A read of 0 bytes without an error is the end of
// the peer's direction.
package sock
