package conn

import (
	"context"
	"crypto/tls"
	"errors"
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
// it (RFC 6455 §4.2): Receive and Opening.Accept in one. Bytes that followed the
// request are kept. nc is the Conn's from here on; after an error it has been
// closed, a request that wasn't right having been answered first. Accept takes
// HandshakeTimeout at most, a second more if it has to refuse, and less if ctx
// ends; on the connection itself ctx has no effect.
//
// Errors: those of package handshake and of Check, whose status the client was
// given (handshake.Status); handshake.ErrTimeout, which is answered if a part of
// a request had come; ctx's own; or a cause from the network.
func (u *Upgrader) Accept(ctx context.Context, nc net.Conn) (*Conn, error) {
	o, err := u.Receive(ctx, nc, nil)
	if err != nil {
		return nil, err
	}
	return o.Accept(Answer{})
}

// Receive reads an opening request from nc, which may be a *tls.Conn, and leaves
// the answer to the caller. received is what was read from nc before: behind the
// header of a proxy, say; it is copied. nc is the Opening's from here on.
//
// What is no HTTP/1.1, is too long or comes too late has been answered when the
// error is returned, and nc been closed: the errors are those of Accept that come
// before Check.
func (u *Upgrader) Receive(ctx context.Context, nc net.Conn, received []byte) (*Opening, error) {
	if err := u.prepare(); err != nil {
		closeTransport(nc)
		return nil, err
	}
	growStack(0)
	if limit := u.cfg.HandshakeTimeout; limit > 0 {
		nc.SetDeadline(time.Now().Add(limit))
	}
	o := &Opening{
		Scheme: schemeOf(nc),
		Peer:   addrOf(nc.RemoteAddr()),
		u:      u,
		ctx:    ctx,
		nc:     nc,
		buf:    bufpool.Get(2 * defaultMaxHeaderSize),
	}
	if ctx.Done() != nil {
		o.stop = context.AfterFunc(ctx, func() { closeTransport(nc) })
	}
	o.buf.Grow(len(received))
	o.buf.B = append(o.buf.B, received...)
	if err := o.receive(); err != nil {
		return nil, err
	}
	return o, nil
}

// growStack makes the goroutine's stack what it will need to be. What is to be copied
// then is little: it costs 3 % of a connection with one message where it happens as
// deep as the first write.
//
//go:noinline
func growStack(i uint8) byte {
	var room [2 << 10]byte
	return room[i]
}

// receive reads the request. An Opening without one has ended when the error is
// returned.
func (o *Opening) receive() error {
	end, err := readHeader(o.nc, o.buf, o.u.cfg.MaxHeaderSize)
	switch {
	case err == nil:
	case timedOut(err) && len(o.buf.B) == 0:
		return o.drop(handshake.ErrTimeout) // nothing was asked, nothing is answered
	case timedOut(err):
		return o.Refuse(handshake.ErrTimeout)
	case broken(err):
		return o.drop(err)
	default:
		return o.Refuse(err)
	}
	if err := o.parse(end); err != nil {
		return o.Refuse(err)
	}
	return nil
}

// parse makes the request of what was received, up to end.
func (o *Opening) parse(end int) error {
	o.Request = new(handshake.Request)
	if err := o.Request.Parse(string(o.buf.B[:end])); err != nil {
		return err
	}
	o.rest = o.buf.B[end:]
	return nil
}

// schemeOf says how a request on nc came in: over TLS if nc has a TLS state, as a
// *tls.Conn and many types around one have.
func schemeOf(nc net.Conn) handshake.Scheme {
	if _, secure := nc.(tlsState); secure {
		return handshake.HTTPS
	}
	return handshake.HTTP
}

// tlsState is what connections over TLS have.
type tlsState interface{ ConnectionState() tls.ConnectionState }

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

// tell answers a request that isn't right on a bare connection. It returns false if
// that fails.
func (o *Opening) tell(err error) bool {
	o.nc.SetDeadline(time.Now().Add(lingerTime))
	o.buf.B = handshake.AppendRefusal(o.buf.B[:0], err)
	_, err = o.nc.Write(o.buf.B)
	return err == nil
}

// linger sees to it that the client receives what it was told.
func (o *Opening) linger() {
	halfClose(o.nc)
	drain(o.nc, o.buf.B[:cap(o.buf.B)])
}

// broken reports whether err is of the connection, not of what was sent on it.
func broken(err error) bool {
	_, ok := errors.AsType[net.Error](err)
	return ok || errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrClosedPipe) || isEOF(err)
}
