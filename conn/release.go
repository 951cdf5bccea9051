package conn

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
)

// released is a connection of which bytes were read that are to be read again.
type released struct {
	net.Conn
	mu     sync.Mutex
	unread []byte
}

// releasedTLS is released over TLS: who asks for the state of TLS, as net/http
// does, gets it.
type releasedTLS struct {
	*released
	tlsState
}

// releasedSocket is released over what copies files by itself, as TCP does with
// sendfile, if it is asked to, as net/http does.
type releasedSocket struct {
	*released
	io.ReaderFrom
}

// release returns nc with a copy of unread before what it receives.
func release(nc net.Conn, unread []byte) net.Conn {
	r := &released{Conn: nc, unread: bytes.Clone(unread)}
	if state, ok := nc.(tlsState); ok {
		return releasedTLS{r, state}
	}
	if socket, ok := nc.(io.ReaderFrom); ok {
		return releasedSocket{r, socket}
	}
	return r
}

// Read implements net.Conn.
func (r *released) Read(p []byte) (int, error) {
	r.mu.Lock()
	n := copy(p, r.unread)
	r.unread = r.unread[n:]
	r.mu.Unlock()
	if n > 0 {
		return n, nil
	}
	return r.Conn.Read(p)
}

// Close implements net.Conn.
func (r *released) Close() error {
	r.mu.Lock()
	r.unread = nil
	r.mu.Unlock()
	return r.Conn.Close()
}

// CloseWrite ends our direction. Where the connection below can't, its error Is
// errors.ErrUnsupported.
func (r *released) CloseWrite() error {
	if half, ok := r.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return fmt.Errorf("conn: a %T closes both directions at once: %w", r.Conn, errors.ErrUnsupported)
}

// retake returns the connection below, and what would be read before it.
func (r *released) retake() (net.Conn, []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	unread := r.unread
	r.unread = nil
	return r.Conn, unread
}
