package fuzz_test

import (
	"errors"
	"net"
	"time"
)

// duplex is one end of a connection in memory whose directions end apart, as those
// of TCP do: a net.Pipe for each. It buffers nothing.
type duplex struct {
	in, out net.Conn
}

// newDuplex returns the two ends of a connection.
func newDuplex() (a, b *duplex) {
	aReads, bWrites := net.Pipe()
	bReads, aWrites := net.Pipe()
	return &duplex{aReads, aWrites}, &duplex{bReads, bWrites}
}

func (d *duplex) Read(p []byte) (int, error)  { return d.in.Read(p) }
func (d *duplex) Write(p []byte) (int, error) { return d.out.Write(p) }

// CloseWrite ends our direction: the peer reads io.EOF.
func (d *duplex) CloseWrite() error { return d.out.Close() }

func (d *duplex) Close() error { return errors.Join(d.in.Close(), d.out.Close()) }

func (d *duplex) LocalAddr() net.Addr  { return d.in.LocalAddr() }
func (d *duplex) RemoteAddr() net.Addr { return d.in.RemoteAddr() }

func (d *duplex) SetDeadline(t time.Time) error {
	return errors.Join(d.SetReadDeadline(t), d.SetWriteDeadline(t))
}
func (d *duplex) SetReadDeadline(t time.Time) error  { return d.in.SetReadDeadline(t) }
func (d *duplex) SetWriteDeadline(t time.Time) error { return d.out.SetWriteDeadline(t) }
