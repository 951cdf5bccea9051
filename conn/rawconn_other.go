//go:build !linux

package conn

import (
	"context"
	"net"
)

// rawConn is used on Linux only; elsewhere connections are used as they are.
type rawConn struct{}

func (r *rawConn) init(*Conn) {}

func (r *rawConn) usable() bool { return false }

func (r *rawConn) closeWrite() bool { return false }

func (r *rawConn) linger(net.Conn) bool { return false }

func (r *rawConn) receive(*Conn, context.Context) (int, error) { panic("conn: no raw connection here") }

func (r *rawConn) rests(*Conn) bool { return false }

func (r *rawConn) rest() error { panic("conn: no raw connection here") }

func (r *rawConn) send(*Conn, context.Context) error { panic("conn: no raw connection here") }
