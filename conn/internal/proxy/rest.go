package proxy

import (
	"errors"
	"net"
	"sync"
)

// withRest returns conn, or if rest is not empty a connection that yields rest before conn's bytes.
func withRest(conn net.Conn, rest []byte) net.Conn {
	if len(rest) == 0 {
		return conn
	}
	return &restConn{Conn: conn, rest: rest}
}

// restConn is a connection of which some bytes were read already. It hides what else the connection
// can do (its descriptor, say), since that would bypass these bytes; only CloseWrite is passed on.
type restConn struct {
	net.Conn

	mu   sync.Mutex // guards rest; not held while reading from Conn
	rest []byte
}

// Read returns the rest first. After Close there is none.
func (c *restConn) Read(p []byte) (int, error) {
	if n := c.take(p); n > 0 {
		return n, nil
	}
	return c.Conn.Read(p)
}

func (c *restConn) take(p []byte) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	if len(c.rest) == 0 {
		c.rest = nil
	}
	return n
}

// Close drops the rest and closes the connection.
func (c *restConn) Close() error {
	c.mu.Lock()
	c.rest = nil
	c.mu.Unlock()
	return c.Conn.Close()
}

// CloseWrite closes the writing side, as *net.TCPConn and *tls.Conn do. If the connection has no such
// method, the error is errors.ErrUnsupported.
func (c *restConn) CloseWrite() error {
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok {
		return errors.ErrUnsupported
	}
	return half.CloseWrite()
}
