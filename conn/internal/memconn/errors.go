package memconn

import (
	"io"
	"net"
	"os"
	"syscall"
)

// The causes of failed calls are those of TCP, so that code which tells them apart needs no case
// for us. They reach the caller inside a *net.OpError; only io.EOF is returned bare.
var (
	errEOF      = io.EOF                 // the peer finished writing and all of it has been read
	errClosed   = net.ErrClosed          // this end was closed
	errTimeout  = os.ErrDeadlineExceeded // a deadline passed; a later deadline resumes
	errNoReader = error(syscall.EPIPE)   // the peer was closed, or this end closed its writing side
	errReset    = error(syscall.ECONNRESET)
)

// opError wraps err with the connection it happened on, as package net does. A nil err and io.EOF
// stay what they are.
func (c *Conn) opError(op string, err error) error {
	if err == nil || err == errEOF {
		return err
	}
	return &net.OpError{Op: op, Net: network, Source: c.local, Addr: c.remote, Err: err}
}
