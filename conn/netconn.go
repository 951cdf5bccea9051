package conn

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/godwit-ws/godwit/frame"
)

// NetConn returns the connection as a stream of bytes: Write sends each p as one
// message of type op, Read reads the payloads of the messages received, one
// after the other, of either type. Deadlines can be met and set anew: they don't
// harm the connection. A Write whose deadline passes when a part of its message
// is on its way returns len(p) beside the error: the rest is sent too. Read
// returns io.EOF after the peer's normal end.
//
// Close does the closing handshake with CodeNormal. ctx bounds all calls.
func NetConn(ctx context.Context, c *Conn, op Opcode) net.Conn {
	s := &streamConn{Conn: c, op: op}
	s.ctx, s.stop = context.WithCancelCause(ctx)
	s.SetDeadline(never)
	return s
}

// streamConn is a Conn as a net.Conn.
type streamConn struct {
	*Conn
	op   Opcode
	ctx  context.Context
	stop context.CancelCauseFunc

	readMu sync.Mutex // one Read at a time
	rest   io.Reader  // of the message under way

	read, write deadline
}

// Read implements net.Conn.
func (s *streamConn) Read(p []byte) (int, error) {
	s.readMu.Lock()
	defer s.readMu.Unlock()
	if len(p) == 0 {
		return 0, nil
	}
	for {
		n, err := s.readSome(p)
		if n > 0 || err != nil {
			return n, err
		}
	}
}

// readSome reads what is there of the message under way, or begins the next.
func (s *streamConn) readSome(p []byte) (int, error) {
	return s.read.during(func(ctx context.Context) (int, error) {
		if s.rest == nil {
			_, r, err := s.Reader(ctx)
			if err != nil {
				return 0, streamError(err)
			}
			s.rest = r
		}
		s.rest.(*MessageReader).SetContext(ctx)
		n, err := s.rest.Read(p)
		if errors.Is(err, io.EOF) {
			s.rest, err = nil, nil
		}
		return n, streamError(err)
	})
}

// Write implements net.Conn.
func (s *streamConn) Write(p []byte) (int, error) {
	return s.write.during(func(ctx context.Context) (int, error) {
		err := s.Conn.Write(ctx, s.op, p)
		switch {
		case err == nil:
			return len(p), nil
		case errors.Is(err, ErrWriteUnfinished) && errors.Is(ctx.Err(), context.DeadlineExceeded):
			return len(p), err
		case errors.Is(err, ErrWriteUnfinished):
			return len(p), nil // the deadline was moved
		}
		return 0, err
	})
}

// Close implements net.Conn.
func (s *streamConn) Close() error {
	err := s.Conn.Close(s.ctx, frame.CodeNormal, "")
	s.stop(net.ErrClosed)
	return err
}

// SetDeadline implements net.Conn.
func (s *streamConn) SetDeadline(t time.Time) error {
	s.read.set(s.ctx, t)
	s.write.set(s.ctx, t)
	return nil
}

// SetReadDeadline implements net.Conn.
func (s *streamConn) SetReadDeadline(t time.Time) error {
	s.read.set(s.ctx, t)
	return nil
}

// SetWriteDeadline implements net.Conn.
func (s *streamConn) SetWriteDeadline(t time.Time) error {
	s.write.set(s.ctx, t)
	return nil
}

// streamError turns the peer's normal end into io.EOF. After our own Close the
// error Is net.ErrClosed, as with any net.Conn.
func streamError(err error) error {
	if e, ok := errors.AsType[*CloseError](err); ok && e.Remote && normal(err) {
		return io.EOF
	}
	return err
}

// deadline is a context that a deadline can be moved under, also while a call
// waits for it.
type deadline struct {
	mu     sync.Mutex
	ctx    context.Context
	cancel context.CancelFunc
}

// set moves the deadline to t; the zero time is none.
func (d *deadline) set(parent context.Context, t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.cancel != nil {
		d.cancel()
	}
	if t.IsZero() {
		d.ctx, d.cancel = context.WithCancel(parent)
		return
	}
	d.ctx, d.cancel = context.WithDeadline(parent, t)
}

// during calls f under the deadline, again if it is moved meanwhile.
func (d *deadline) during(f func(context.Context) (int, error)) (int, error) {
	for {
		d.mu.Lock()
		ctx := d.ctx
		d.mu.Unlock()
		n, err := f(ctx)
		switch {
		case err == nil || ctx.Err() == nil:
			return n, err
		case errors.Is(ctx.Err(), context.DeadlineExceeded):
			return n, os.ErrDeadlineExceeded
		case n > 0 || d.current() == ctx:
			return n, err
		}
	}
}

func (d *deadline) current() context.Context {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ctx
}
