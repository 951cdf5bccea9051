package conn

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
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
// having been answered first. Accept takes HandshakeTimeout at most, and less if
// ctx ends.
func (u *Upgrader) Accept(ctx context.Context, nc net.Conn) (*Conn, error) {
	if err := u.prepare(); err != nil {
		closeTransport(nc)
		return nil, err
	}
	stop := u.limit(ctx, nc)
	c, err := u.accept(ctx, nc)
	if !stop() && err == nil { // ctx ended at the very end: its deadline may be set
		err = ctx.Err()
	}
	if err != nil {
		closeTransport(nc)
		return nil, fmt.Errorf("conn: accept: %w", err)
	}
	return c, nil
}

// limit bounds a handshake on nc by ctx and HandshakeTimeout until stop is
// called, which reports whether ctx hadn't ended.
func (u *Upgrader) limit(ctx context.Context, nc net.Conn) (stop func() bool) {
	if u.cfg.HandshakeTimeout > 0 {
		nc.SetDeadline(time.Now().Add(u.cfg.HandshakeTimeout))
	}
	return context.AfterFunc(ctx, func() { nc.SetDeadline(past) })
}

func (u *Upgrader) accept(ctx context.Context, nc net.Conn) (*Conn, error) {
	buf := bufpool.Get(2 * defaultMaxHeaderSize)
	defer bufpool.Put(buf)
	end, err := readHeader(nc, buf, u.cfg.MaxHeaderSize)
	if err != nil {
		return nil, u.refuse(nc, buf, headerError(ctx, err, len(buf.B)))
	}
	req := new(handshake.Request)
	if err := req.Parse(string(buf.B[:end])); err != nil {
		return nil, u.refuse(nc, buf, err)
	}
	scheme := handshake.HTTP
	if _, secure := nc.(*tls.Conn); secure {
		scheme = handshake.HTTPS
	}
	accepted, answer, err := u.judge(req, scheme, nc.RemoteAddr(), nil)
	if err != nil {
		return nil, u.refuse(nc, buf, err)
	}
	if _, err := nc.Write(answer); err != nil {
		return nil, err
	}
	nc.SetDeadline(never)
	return u.open(nc, accepted, hello{request: req, parent: ctx}, buf.B[end:]), nil
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

// headerError sorts why a header didn't come: ctx's end, a timeout, or what it
// was. received is how many bytes had come.
func headerError(ctx context.Context, err error, received int) error {
	switch {
	case !timedOut(err):
		return err
	case ctx.Err() != nil:
		return &silent{ctx.Err()}
	case received == 0:
		return &silent{handshake.ErrTimeout}
	}
	return handshake.ErrTimeout
}

// silent is an error that isn't worth an answer: nothing was asked.
type silent struct{ error }

func (e *silent) Unwrap() error { return e.error }

// refuse answers a request that isn't right, and sees to it that the client
// receives the answer. buf is free to use.
func (u *Upgrader) refuse(nc net.Conn, buf *bufpool.Buffer, err error) error {
	if _, ok := errors.AsType[*silent](err); ok || broken(err) {
		return err
	}
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
	return ok || errors.Is(err, net.ErrClosed) || isEOF(err)
}
