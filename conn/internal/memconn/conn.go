package memconn

import (
	"net"
	"time"
)

// Conn is one end of a pair. It is a net.Conn that can also close its writing side alone and lose
// its connection. All methods are safe for concurrent use.
type Conn struct {
	in, out       *stream // what the peer sends us, what we send the peer
	local, remote Addr
}

// Pipe returns the two ends of a new connection. The dynamic type of both is *[Conn].
func Pipe() (a, b net.Conn) {
	ab, ba := newStream(), newStream()
	a = &Conn{in: ba, out: ab, local: firstAddr, remote: secondAddr}
	b = &Conn{in: ab, out: ba, local: secondAddr, remote: firstAddr}
	return a, b
}

// Read reads up to len(p) bytes and blocks while there are none. An empty p returns at once.
//
// At the end of what the peer sent the error is io.EOF. Any other is a *net.OpError that is
// net.ErrClosed after our Close, os.ErrDeadlineExceeded once the read deadline has passed (even if
// bytes are there, as on TCP; they stay for the next Read), or syscall.ECONNRESET after an Abort.
// n is 0 exactly when err is not nil or p is empty.
func (c *Conn) Read(p []byte) (n int, err error) {
	n, err = c.in.read(p)
	return n, c.opError("read", err)
}

// Write writes all of p and blocks while the peer has more than BufferSize unread bytes. n is the
// number of bytes that were buffered; it is below len(p) exactly when err is not nil.
//
// The error is a *net.OpError that is net.ErrClosed after our Close, syscall.EPIPE after our
// CloseWrite or the peer's Close, os.ErrDeadlineExceeded once the write deadline has passed, or
// syscall.ECONNRESET after an Abort.
func (c *Conn) Write(p []byte) (n int, err error) {
	n, err = c.out.write(p)
	return n, c.opError("write", err)
}

// Close closes both directions of this end and wakes the calls blocked on it. The peer still reads
// what was written, then io.EOF; what the peer had sent and nobody read is dropped. A second Close
// is a net.ErrClosed.
func (c *Conn) Close() error {
	if err := c.in.closeReader(); err != nil {
		return c.opError("close", err)
	}
	c.out.closeWriter()
	return nil
}

// CloseWrite closes our writing side: the peer reads what was written, then io.EOF, and may go on
// writing. A second CloseWrite does nothing; after Close it is a net.ErrClosed.
func (c *Conn) CloseWrite() error {
	return c.opError("close", c.out.finish())
}

// Abort loses the connection, as a reset from the network would: unread bytes are dropped in both
// directions, and reads and writes on both ends, blocked ones included, fail with
// syscall.ECONNRESET. An end that was closed stays closed, and both ends can still be closed.
func (c *Conn) Abort() {
	c.in.abort()
	c.out.abort()
}

// LocalAddr returns the address of this end, an [Addr].
func (c *Conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr returns the address of the other end, an [Addr].
func (c *Conn) RemoteAddr() net.Addr { return c.remote }

// SetDeadline sets the read and the write deadline.
func (c *Conn) SetDeadline(t time.Time) error {
	if err := c.in.setReadDeadline(t); err != nil {
		return c.opError("set", err)
	}
	return c.opError("set", c.out.setWriteDeadline(t))
}

// SetReadDeadline sets the time at which reads, blocked ones included, begin to fail with
// os.ErrDeadlineExceeded. The zero time means never. Setting a later deadline lets reads go on.
// After Close it is a net.ErrClosed.
func (c *Conn) SetReadDeadline(t time.Time) error {
	return c.opError("set", c.in.setReadDeadline(t))
}

// SetWriteDeadline is SetReadDeadline for writes.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	return c.opError("set", c.out.setWriteDeadline(t))
}
