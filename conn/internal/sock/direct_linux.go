package sock

import (
	"io"
	"net"
	"os"
	"syscall"
)

// Direct returns what reads and writes nc by this package's system calls, where nc is a
// TCP or unix socket, and waits with the runtime's poller: nc's deadlines and Close hold.
// One goroutine may read, and one write, at a time. Elsewhere it returns nc.
func Direct(nc net.Conn) io.ReadWriter {
	rc := Raw(nc)
	if rc == nil {
		return nc
	}
	d := &direct{nc: nc, rc: rc}
	d.read, d.write = d.readOnce, d.writeAll
	return d
}

// Raw returns how to use the socket of nc, where nc is a TCP or unix socket; else nil.
func Raw(nc net.Conn) syscall.RawConn {
	switch nc.(type) {
	case *net.TCPConn, *net.UnixConn:
		if rc, err := nc.(syscall.Conn).SyscallConn(); err == nil {
			return rc
		}
	}
	return nil
}

type direct struct {
	nc          net.Conn // for its addresses
	rc          syscall.RawConn
	read, write func(fd uintptr) bool // kept, so that passing them doesn't allocate

	// Of the calls in progress.
	in       []byte
	n        int
	readErr  syscall.Errno
	out      []byte
	writeErr syscall.Errno
}

// Read implements io.Reader.
func (d *direct) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	d.in = p
	err := d.rc.Read(d.read)
	d.in = nil
	switch {
	case err != nil:
		return 0, d.waitError("read", err)
	case d.readErr != 0:
		return 0, OpError(d.nc, "read", d.readErr)
	case d.n == 0:
		return 0, io.EOF
	}
	return d.n, nil
}

// readOnce is the callback of RawConn.Read: false waits and calls again.
func (d *direct) readOnce(fd uintptr) bool {
	d.n, d.readErr = Read(int(fd), d.in)
	return d.readErr != syscall.EAGAIN
}

// Write implements io.Writer.
func (d *direct) Write(p []byte) (int, error) {
	d.out, d.writeErr = p, 0
	err := d.rc.Write(d.write)
	n := len(p) - len(d.out)
	d.out = nil
	switch {
	case err != nil:
		return n, d.waitError("write", err)
	case d.writeErr != 0:
		return n, OpError(d.nc, "write", d.writeErr)
	}
	return n, nil
}

// writeAll is the callback of RawConn.Write.
func (d *direct) writeAll(fd uintptr) bool {
	for len(d.out) > 0 {
		n, err := Write(int(fd), d.out, nil, false)
		if err != 0 {
			d.writeErr = err
			return err != syscall.EAGAIN
		}
		d.out = d.out[n:]
	}
	d.writeErr = 0
	return true
}

// waitError makes of what ended the wait of a RawConn what package net makes of it.
func (d *direct) waitError(op string, err error) error {
	if e, ok := err.(*net.OpError); ok {
		err = e.Err
	}
	return opError(d.nc, op, err)
}

// OpError dresses the error of a system call on nc's socket as package net does.
func OpError(nc net.Conn, op string, err syscall.Errno) error {
	return opError(nc, op, os.NewSyscallError(op, err))
}

func opError(nc net.Conn, op string, err error) error {
	local := nc.LocalAddr()
	return &net.OpError{Op: op, Net: local.Network(), Source: local, Addr: nc.RemoteAddr(), Err: err}
}
