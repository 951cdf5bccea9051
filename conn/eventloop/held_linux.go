package eventloop

import (
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/godwit-ws/godwit/conn/internal/sock"
)

// held is a connection that was accepted for a loop and isn't open yet, as a
// net.Conn: package conn answers its opening request on it. As long as nothing is
// asked of it that may wait, it is the loop's socket and nothing else. Otherwise it
// leaves the loop, and is what package net makes of its descriptor.
type held struct {
	k *socket

	mu       sync.Mutex
	nc       net.Conn // once it has left
	err      error    // why it couldn't, or net.ErrClosed
	attached bool     // the loop has it for good
	deadline [2]time.Time
}

// Read implements net.Conn.
func (h *held) Read(p []byte) (int, error) { return h.Ordinary().Read(p) }

// Write implements net.Conn.
func (h *held) Write(p []byte) (int, error) {
	n, err, done := h.writeHere(p)
	if done {
		return n, err
	}
	m, err := h.Ordinary().Write(p[n:])
	return n + m, err
}

// writeHere writes on the loop's socket. done is false if the rest has to wait, or
// the connection has left.
func (h *held) writeHere(p []byte) (n int, err error, done bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.nc != nil || h.err != nil:
		return 0, nil, false
	case past(h.deadline[writing]):
		return 0, h.k.opError("write", os.ErrDeadlineExceeded), true
	}
	n, errno := sock.Write(int(h.k.fd), p, nil, false)
	switch {
	case errno == 0:
		return n, nil, n == len(p)
	case again(errno):
		return 0, nil, false
	}
	return 0, h.k.opError("write", errno), true
}

// Indexes of held.deadline.
const (
	reading = iota
	writing
)

func past(t time.Time) bool { return !t.IsZero() && !time.Now().Before(t) }

// Ordinary implements drive.Pending.
func (h *held) Ordinary() net.Conn {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.nc == nil && h.err == nil {
		h.leave()
	}
	if h.err != nil {
		return broken{h, h.err}
	}
	return h.nc
}

// leave takes the connection off its loop. mu is held.
func (h *held) leave() {
	f := os.NewFile(uintptr(h.k.fd), "websocket")
	h.k.loop.poll.remove(h.k.fd)
	nc, err := net.FileConn(f) // on a duplicate
	f.Close()
	h.k.become(gone{})
	if err != nil {
		h.err = err
		return
	}
	h.nc = nc
	nc.SetReadDeadline(h.deadline[reading])
	nc.SetWriteDeadline(h.deadline[writing])
}

// attach leaves the socket to its loop for good, and returns it. It returns nil if
// the connection has left, or is over.
func (h *held) attach() *socket {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.nc != nil || h.err != nil {
		return nil
	}
	h.attached = true
	return h.k
}

// Close implements net.Conn.
func (h *held) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.err != nil || h.attached:
		return h.err
	case h.nc != nil:
		return h.nc.Close()
	}
	h.err = net.ErrClosed
	closeFD(h.k.fd)
	h.k.become(gone{})
	return nil
}

// CloseWrite ends our direction, as *net.TCPConn's does.
func (h *held) CloseWrite() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.err != nil:
		return h.err
	case h.nc != nil:
		return h.nc.(interface{ CloseWrite() error }).CloseWrite()
	}
	shutdownWrite(h.k.fd)
	return nil
}

// Shutdown implements drive.Pending.
func (h *held) Shutdown() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.nc == nil && h.err == nil && !h.attached {
		shutdownBoth(h.k.fd)
	}
}

// Peer implements drive.Pending.
func (h *held) Peer() netip.Addr {
	if _, ok := h.k.local.(*net.UnixAddr); ok {
		return netip.Addr{}
	}
	return h.k.peer.addrIP()
}

// LocalAddr and RemoteAddr implement net.Conn.
func (h *held) LocalAddr() net.Addr  { return h.k.LocalAddr() }
func (h *held) RemoteAddr() net.Addr { return h.k.RemoteAddr() }

// SetDeadline implements net.Conn.
func (h *held) SetDeadline(t time.Time) error { return h.set(t, reading, writing) }

// SetReadDeadline and SetWriteDeadline implement net.Conn.
func (h *held) SetReadDeadline(t time.Time) error  { return h.set(t, reading) }
func (h *held) SetWriteDeadline(t time.Time) error { return h.set(t, writing) }

func (h *held) set(t time.Time, which ...int) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, i := range which {
		h.deadline[i] = t
	}
	switch {
	case h.err != nil:
		return h.err
	case h.nc == nil:
		return nil
	case len(which) > 1:
		return h.nc.SetDeadline(t)
	case which[0] == reading:
		return h.nc.SetReadDeadline(t)
	}
	return h.nc.SetWriteDeadline(t)
}

// broken is a held connection of which nothing is left.
type broken struct {
	*held
	err error
}

// Read and Write implement net.Conn.
func (b broken) Read([]byte) (int, error)  { return 0, b.k.opError("read", b.err) }
func (b broken) Write([]byte) (int, error) { return 0, b.k.opError("write", b.err) }
