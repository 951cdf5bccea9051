package conn

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/godwit-ws/godwit/conn/internal/bufpool"
	"github.com/godwit-ws/godwit/handshake"
)

// Accept does a server's opening handshake on a bare connection, with the zero
// Upgrader. See its method.
func Accept(ctx context.Context, nc net.Conn) (*Conn, error) {
	return new(Upgrader).Accept(ctx, nc)
}

// Accept reads an opening request from nc, which may be a *tls.Conn, and answers
// it (RFC 6455 §4.2). Bytes that followed the request are kept. nc is the Conn's
// from here on; after an error it has been closed, a request that wasn't right
// having been answered first. Accept takes HandshakeTimeout at most, a second more
// if it has to refuse, and less if ctx ends; on the connection itself ctx has no
// effect.
//
// Errors: those of package handshake and of Check, whose status the client was
// given (handshake.Status); handshake.ErrTimeout, which is answered if a part of
// a request had come; ctx's own; or a cause from the network.
func (u *Upgrader) Accept(ctx context.Context, nc net.Conn) (*Conn, error) {
	if err := u.prepare(); err != nil {
		closeTransport(nc)
		return nil, err
	}
	if u.cfg.HandshakeTimeout > 0 {
		nc.SetDeadline(time.Now().Add(u.cfg.HandshakeTimeout))
	}
	stop := context.AfterFunc(ctx, func() { closeTransport(nc) })
	s, err := u.accept(nc)
	if !stop() && (err == nil || broken(err)) { // nc is closed, or about to be
		err = ctx.Err()
	}
	if err != nil {
		closeTransport(nc)
		return nil, fmt.Errorf("conn: accept: %w", err)
	}
	nc.SetDeadline(never)
	s.hello.parent = ctx
	return newConn(nc, &u.cfg, s), nil
}

// accept does the handshake. A request that isn't right has been answered when
// the error is returned.
func (u *Upgrader) accept(nc net.Conn) (setup, error) {
	buf := bufpool.Get(2 * defaultMaxHeaderSize)
	defer bufpool.Put(buf)
	end, err := readHeader(nc, buf, u.cfg.MaxHeaderSize)
	switch {
	case err == nil:
	case timedOut(err) && len(buf.B) == 0:
		return setup{}, handshake.ErrTimeout // nothing was asked, nothing is answered
	case timedOut(err):
		return setup{}, u.refuse(nc, buf, handshake.ErrTimeout)
	case broken(err):
		return setup{}, err
	default:
		return setup{}, u.refuse(nc, buf, err)
	}
	req := new(handshake.Request)
	if err := req.Parse(string(buf.B[:end])); err != nil {
		return setup{}, u.refuse(nc, buf, err)
	}
	accepted, answer, err := u.judge(req, schemeOf(nc), nc.RemoteAddr(), nil)
	if err != nil {
		return setup{}, u.refuse(nc, buf, err)
	}
	if _, err := nc.Write(answer); err != nil {
		return setup{}, err
	}
	return u.setup(accepted, hello{request: req}, bytes.Clone(buf.B[end:])), nil
}

// schemeOf says how a request on nc came in: over TLS if nc has a TLS state, as a
// *tls.Conn and many types around one have.
func schemeOf(nc net.Conn) handshake.Scheme {
	if _, secure := nc.(interface{ ConnectionState() tls.ConnectionState }); secure {
		return handshake.HTTPS
	}
	return handshake.HTTP
}

// readHeader reads from nc until buf holds a header block, and returns its
// length.
func readHeader(nc net.Conn, buf *bufpool.Buffer, limit int) (int, error) {
	for scanned := 0; ; {
		end, err := handshake.HeaderEnd(buf.B, scanned, limit)
		if end > 0 || err != nil {
			return end, err
		}
		scanned = len(buf.B)
		if len(buf.B) == cap(buf.B) {
			buf.B = append(buf.B, 0)[:scanned] // grows; HeaderEnd bounds it
		}
		n, err := nc.Read(buf.B[scanned:cap(buf.B)])
		buf.B = buf.B[:scanned+n]
		if err != nil && n == 0 {
			return 0, err
		}
	}
}

// refuse answers a request that isn't right, sees to it that the client receives
// the answer, and returns err. buf is free to use.
func (u *Upgrader) refuse(nc net.Conn, buf *bufpool.Buffer, err error) error {
	nc.SetDeadline(time.Now().Add(lingerTime))
	buf.B = handshake.AppendRefusal(buf.B[:0], err)
	if _, werr := nc.Write(buf.B); werr != nil {
		return err
	}
	halfClose(nc)
	drain(nc, buf.B[:cap(buf.B)])
	return err
}

// broken reports whether err is of the connection, not of what was sent on it.
func broken(err error) bool {
	_, ok := errors.AsType[net.Error](err)
	return ok || errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrClosedPipe) || isEOF(err)
}
