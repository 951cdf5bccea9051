package conn

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"syscall"

	"github.com/godwit-ws/godwit/conn/internal/drive"
	"github.com/godwit-ws/godwit/conn/internal/sock"
)

// rawConn reads and writes a TCP or unix socket without going through net.Conn,
// so that a connection that waits for bytes holds no buffer: inside one
// RawConn.Read callback it takes a buffer, tries to read, and gives the buffer
// back before it returns false, which is what makes the runtime wait. (The
// runtime's poller is edge-triggered: to wait before the first attempt would
// miss what has already arrived.)
type rawConn struct {
	rc    syscall.RawConn
	read  func(fd uintptr) bool // kept, so that passing them doesn't allocate
	write func(fd uintptr) bool

	// Of the calls in progress. The first three belong to the reading baton, the
	// others to the write baton.
	ctx  context.Context
	n    int
	err  error
	wctx context.Context
	werr error
}

// init finds out whether c's connection has a socket to use directly.
func (r *rawConn) init(c *Conn) {
	if r.open(c.nc) {
		r.read = c.readSocket
		r.write = c.writeSocket
	}
}

// open reports whether nc is a socket.
func (r *rawConn) open(nc net.Conn) bool {
	r.rc = sock.Raw(nc)
	return r.rc != nil
}

// usable reports whether the connection reads and writes its socket directly.
func (r *rawConn) usable() bool { return r.write != nil }

// rests finds out whether c can wait for its socket by rest: over TLS for the one below.
func (r *rawConn) rests(c *Conn) bool {
	if r.usable() {
		return true
	}
	secured, ok := c.nc.(*tls.Conn)
	if !ok {
		return false
	}
	below := secured.NetConn()
	if b, ok := below.(*drive.BelowTLS); ok {
		below = b.Conn
	}
	if !r.open(below) {
		return false
	}
	r.read = c.readSocket
	return true
}

// receive does what Conn.receive promises.
func (r *rawConn) receive(c *Conn, ctx context.Context) (int, error) {
	r.ctx, r.n, r.err = ctx, 0, nil
	err := r.rc.Read(r.read)
	r.ctx = nil
	if c.isWaiting() {
		c.stopWait(r.n > 0)
	}
	if err == nil {
		err = r.err
	}
	return r.n, err
}

// isWaiting may be asked by the holder of the reading baton, the only one to
// change the answer.
func (c *Conn) isWaiting() bool { return c.waiting }

// readSocket is the callback of RawConn.Read: false waits and calls again.
func (c *Conn) readSocket(fd uintptr) bool {
	if c.resting {
		return sock.Readable(int(fd))
	}
	return c.readSome(int(fd))
}

// readSome is readSocket for who isn't resting.
func (c *Conn) readSome(fd int) bool {
	r := &c.raw
	buf := c.recv.Want(c.takeScratch(maxScratch))
	n, err := sock.Read(fd, buf)
	switch {
	case err == syscall.EAGAIN:
		c.recv.Got(0)
		c.dropScratch()
		return !c.waitOnce()
	case err != 0:
		r.err = sock.OpError(c.nc, "read", err)
	case n == 0:
		r.err = io.EOF
	default:
		r.n = n
	}
	return true
}

// waitOnce enters the waiting state, if the reader isn't in it already. It
// returns false if there is a reason not to wait.
func (c *Conn) waitOnce() bool {
	return c.isWaiting() || c.startWait(c.raw.ctx)
}

// send writes what c.wr holds. It returns the error that stopped it; how far it
// got is in c.wr.
func (r *rawConn) send(c *Conn, ctx context.Context) error {
	r.wctx, r.werr = ctx, nil
	err := r.rc.Write(r.write)
	r.wctx = nil
	if err == nil {
		return r.werr
	}
	return interrupted(ctx, err)
}

// writeSocket is the callback of RawConn.Write. As long as the socket takes
// bytes, no deadline is set and no context is watched: both cost something, and
// nearly every write ends here.
func (c *Conn) writeSocket(fd uintptr) bool {
	for !c.wr.done() {
		head, tail := c.wr.parts()
		n, err := sock.Write(int(fd), head, tail, c.wr.last)
		switch {
		case err == 0:
			c.wr.advance(n)
		case err != syscall.EAGAIN:
			c.raw.werr = sock.OpError(c.nc, "write", err)
			return true
		case c.blockWrite(c.raw.wctx):
			return false
		default:
			c.raw.werr = errInterrupted
			return true
		}
	}
	return true
}

// rest waits until there is something to read, a deadline is over or the socket closed.
// It is called where the stack is still small, and keeps it so.
func (r *rawConn) rest() error { return r.rc.Read(r.read) }

// closeWrite ends our direction. It returns false where the caller has to.
func (r *rawConn) closeWrite() bool {
	if !r.usable() {
		return false
	}
	r.rc.Control(shutDown) // what fails shows in what follows
	return true
}

func shutDown(fd uintptr) { sock.CloseWrite(int(fd)) }

// linger hands the socket over to those that wait for their peers to close. It returns
// false if the caller has to wait.
func (r *rawConn) linger(nc net.Conn) bool {
	return r.usable() && leavers.add(nc, r.rc)
}
