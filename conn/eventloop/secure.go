//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package eventloop

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"

	"github.com/godwit-ws/godwit/conn/internal/bufpool"
	"github.com/godwit-ws/godwit/conn/internal/drive"
	"github.com/godwit-ws/godwit/conn/internal/sock"
)

// secure is a socket with TLS on it: the drive.Transport of such a connection, and
// the stream below its TLS. What TLS has to say, to messages or by itself, is
// written as far as the socket takes it; the rest waits here.
//
// What was sealed can't be taken back, but as long as a part of it waits, its last byte
// isn't said to be written: so a connection knows when all has left, and whether its peer
// takes anything.
type secure struct {
	*socket
	tls     *tls.Conn
	readErr error // came together with bytes; due at the next Read

	mu    sync.Mutex      // guards the fields below
	waits *bufpool.Buffer // sealed bytes
	taken int             // bytes of the next Write that were sealed before
	moved int             // bytes that the socket has taken since Write returned last
	deaf  bool            // nothing is read until what waits has left
	hold  bool            // bytes are gathered, to leave in one write
	ends  bool            // our direction is to be closed behind them
	lost  error           // why nothing can be written any more
	gone  bool            // the descriptor was closed
}

// sealSize is how many bytes are sealed at a time: more wait in the connection,
// where they count.
const sealSize = 64 << 10

// maxSealed is how many sealed bytes may wait while more is read.
const maxSealed = 2 * sealSize

// Read implements drive.Transport. TLS is asked until it has nothing left.
func (s *secure) Read(p []byte) (int, error) {
	if err := s.readErr; err != nil {
		return 0, err
	}
	n := 0
	for n < len(p) && !s.backlog() {
		m, err := s.tls.Read(p[n:])
		n += m
		if err == nil {
			continue
		}
		if e, ok := errors.AsType[net.Error](err); ok && e == errShort {
			break
		}
		s.readErr = err
		s.state.Or(hungUp) // so that this read isn't the last
		break
	}
	switch {
	case n > 0:
		return n, nil
	case s.readErr != nil:
		return 0, s.readErr
	}
	return 0, drive.ErrWouldBlock
}

// Write implements drive.Transport. After less than all it is called again with the same
// bytes that are left.
func (s *secure) Write(head, tail []byte, _ bool) (int, error) {
	if s.begin() {
		n, err := s.seal(head, tail)
		if s.end(n); err != nil {
			return 0, s.opError("write", err)
		}
	}
	return s.written()
}

// begin begins to gather sealed bytes, unless some wait, or are to be told of first.
func (s *secure) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lost != nil || !s.flush() || s.taken > 0 {
		return false
	}
	s.hold = true
	return true
}

// seal has TLS take up to sealSize bytes.
func (s *secure) seal(head, tail []byte) (n int, err error) {
	for _, p := range [][]byte{head, tail} {
		p = p[:min(len(p), sealSize-n)]
		if len(p) == 0 {
			continue
		}
		m, err := s.tls.Write(p)
		n += m
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// end writes what was gathered, of n bytes.
func (s *secure) end(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hold, s.taken, s.moved = false, n, 0
	s.flush()
}

// written returns how many bytes are written: all that were sealed if nothing waits, else
// no more than the socket has taken.
func (s *secure) written() (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.taken
	if s.waits != nil {
		n = max(0, min(s.moved, s.taken-1))
	}
	s.taken -= n
	s.moved = 0
	switch {
	case s.lost != nil:
		return 0, s.opError("write", s.lost)
	case n == 0:
		return 0, drive.ErrWouldBlock
	}
	return n, nil
}

// flush writes what waits, as far as the socket takes it, and reports whether that
// was all. mu is held.
func (s *secure) flush() bool {
	for awaited := false; s.waits != nil; {
		if s.gone || s.lost != nil {
			s.drop()
			return false
		}
		n, err := sock.Write(int(s.fd), s.waits.B, nil, false)
		switch {
		case err == 0 && n == len(s.waits.B):
			s.drop()
		case err == 0:
			s.moved += n
			s.waits.B = s.waits.B[:copy(s.waits.B, s.waits.B[n:])]
		case !again(err):
			s.lost = err
		case awaited:
			return false
		default:
			awaited = true
			s.AwaitWrite() // and once more: the event may have been before
		}
	}
	if s.ends && !s.gone {
		s.ends = false
		shutdownWrite(s.fd)
	}
	return s.lost == nil
}

// drop is called when nothing waits any more, or never will. mu is held.
func (s *secure) drop() {
	bufpool.Put(s.waits)
	s.waits = nil
	if s.deaf {
		s.deaf = false
		s.Attend()
	}
}

// writable goes on with what waits.
func (s *secure) writable() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flush()
}

// backlog reports whether so much waits that nothing is read until it has left: TLS answers
// a peer that asks for new keys, and one that asks without end and doesn't read is held up.
func (s *secure) backlog() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deaf = s.waits != nil && len(s.waits.B) > maxSealed
	return s.deaf
}

// CloseWrite implements drive.Transport.
func (s *secure) CloseWrite() {
	s.tls.CloseWrite() // its error is that of a connection that is lost
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ends = true
	s.flush()
}

// Close implements drive.Transport. TLS has said its goodbye in CloseWrite, if
// there was time for one.
func (s *secure) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = true
	s.drop()
	s.socket.Close()
}

// sealed is the stream below TLS.
type sealed struct{ *secure }

// Read implements drive.Stream.
func (s sealed) Read(p []byte) (int, error) {
	n, err := sock.Read(int(s.fd), p)
	switch {
	case n > 0:
		return n, nil
	case err == 0:
		return 0, io.EOF
	case again(err):
		return 0, errShort
	}
	return 0, s.opError("read", err)
}

// Write implements drive.Stream. It may be TLS's own doing, on account of what was read.
func (s sealed) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone || s.lost != nil {
		return len(p), nil
	}
	if s.waits == nil {
		s.waits = bufpool.Get(len(p))
	}
	s.waits.Grow(len(p))
	s.waits.B = append(s.waits.B, p...)
	if !s.hold {
		s.flush()
	}
	return len(p), nil
}
