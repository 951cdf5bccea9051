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
type secure struct {
	*socket
	tls     *tls.Conn
	readErr error // came together with bytes; due at the next Read

	mu    sync.Mutex      // guards the fields below
	waits *bufpool.Buffer // sealed bytes
	hold  bool            // bytes are gathered, to leave in one write
	ends  bool            // our direction is to be closed behind them
	lost  error           // why nothing can be written any more
	gone  bool            // the descriptor was closed
}

// sealSize is how many bytes are sealed at a time: more wait in the connection,
// where they count.
const sealSize = 64 << 10

// Read implements drive.Transport. TLS is asked until it has nothing left.
func (s *secure) Read(p []byte) (int, error) {
	if err := s.readErr; err != nil {
		return 0, err
	}
	n := 0
	for n < len(p) {
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

// Write implements drive.Transport.
func (s *secure) Write(head, tail []byte, _ bool) (int, error) {
	if !s.begin() {
		return 0, s.blocked()
	}
	n := 0
	for _, p := range [][]byte{head, tail} {
		p = p[:min(len(p), sealSize-n)]
		if len(p) == 0 {
			continue
		}
		m, err := s.tls.Write(p)
		n += m
		if err != nil {
			s.end()
			return n, s.opError("write", err)
		}
	}
	s.end()
	return n, nil
}

// begin begins to gather sealed bytes, unless some wait.
func (s *secure) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lost != nil || !s.flush() {
		return false
	}
	s.hold = true
	return true
}

// blocked returns why nothing can be written.
func (s *secure) blocked() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lost != nil {
		return s.opError("write", s.lost)
	}
	return drive.ErrWouldBlock
}

// end writes what was gathered.
func (s *secure) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hold = false
	s.flush()
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
		case err == nil && n == len(s.waits.B):
			s.drop()
		case err == nil:
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

func (s *secure) drop() {
	bufpool.Put(s.waits)
	s.waits = nil
}

// writable goes on with what waits, and reports whether the connection may go on.
func (s *secure) writable() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.flush() || s.lost != nil
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
	case err == nil:
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
