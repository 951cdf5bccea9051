package conn

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"time"
)

// What a connection that is being ended may still receive, so that the kernel
// doesn't answer it with a reset, which would destroy our Close on its way.
const (
	lingerTime  = time.Second
	lingerBytes = 8 << 20
)

// flushLast waits until all output, our Close frame at its end, is written, or
// never will be. mu is held.
func (c *Conn) flushLast() {
	for c.brokenWrite() == nil {
		switch {
		case c.flushing:
			c.wait()
		case c.out != nil:
			c.flush(context.Background(), nil, false) // its error is in the state
		default:
			return
		}
	}
}

// flushWithin waits until what is being written, and waits behind it, is written or
// never will be: for d at most, unless that is 0 or less, and for ctx. mu is held.
func (c *Conn) flushWithin(ctx context.Context, d time.Duration) {
	limit := never
	if d > 0 {
		limit = time.Now().Add(d)
	}
	for c.flushing && c.brokenWrite() == nil && ctx.Err() == nil && (limit.IsZero() || time.Now().Before(limit)) {
		c.await(ctx, limit)
	}
}

// flushAndDrain is flushLast while what the peer still sends is dropped: it may not
// come to read our Close before it has got rid of that.
func (c *Conn) flushAndDrain() {
	drained := make(chan struct{})
	c.nc.SetReadDeadline(never)
	go func() {
		defer close(drained)
		drain(c.nc, c.takeScratch(minScratch))
	}()
	c.mu.Lock()
	c.flushLast()
	c.mu.Unlock()
	c.nc.SetReadDeadline(past)
	<-drained
}

// halfClose ends our direction of nc, where it can be ended apart from the
// other: over TCP, TLS and unix sockets. It returns false elsewhere.
func halfClose(nc net.Conn) bool {
	half, ok := nc.(interface{ CloseWrite() error })
	return ok && !errors.Is(half.CloseWrite(), errors.ErrUnsupported) // what fails otherwise fails in what follows
}

// halfClose is that of the connection below.
func (c *Conn) halfClose() bool { return c.raw.closeWrite() || halfClose(c.nc) }

// linger takes in what the peer still sends, for lingerTime at most.
func (c *Conn) linger() {
	c.nc.SetReadDeadline(time.Now().Add(lingerTime))
	drain(c.nc, c.takeScratch(minScratch))
}

// lingerLater leaves it to others to do what linger does and to close the connection
// below. It returns false if that can't be.
func (c *Conn) lingerLater() bool {
	c.wasKicked() // the deadline it leaves would end the wait
	c.mu.Lock()
	defer c.mu.Unlock()
	c.handed = c.end == nil && c.raw.linger(c.nc)
	return c.handed
}

// drain drops what nc still receives, until the peer has closed its direction,
// the deadline is over, or lingerBytes have come.
func drain(nc net.Conn, sink []byte) {
	for total := 0; total < lingerBytes; {
		n, err := nc.Read(sink)
		if err != nil {
			return
		}
		total += n
	}
}

// closeTransport closes the connection below, never waiting for it: TLS has said
// its goodbye in halfClose if there was time for one.
func closeTransport(nc net.Conn) {
	if secured, ok := nc.(*tls.Conn); ok {
		nc = secured.NetConn()
	}
	nc.Close() // the connection is over: nobody could act on its error
}
