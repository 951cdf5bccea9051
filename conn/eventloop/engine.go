//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package eventloop

import (
	"fmt"
	"net"
	"sync"
	"sync/atomic"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/internal/drive"
)

// Engine is a set of loops that drive connections.
type Engine struct {
	cfg   Config
	loops []*loop
	next  atomic.Uint32
	pool  pool

	mu     sync.Mutex
	locals map[string]*net.TCPAddr
}

// New starts an engine.
func New(cfg Config) (*Engine, error) {
	e := &Engine{cfg: cfg.withDefaults(), locals: make(map[string]*net.TCPAddr)}
	for range e.cfg.Loops {
		l, err := newLoop(e)
		if err != nil {
			return nil, fmt.Errorf("eventloop: %w", err)
		}
		e.loops = append(e.loops, l)
	}
	for _, l := range e.loops {
		go l.serve()
	}
	return e, nil
}

// Attach hands c over.
func (e *Engine) Attach(c *conn.Conn, h conn.Hooks) error {
	var s *socket
	m, err := c.Drive(h, e.cfg.mode(), func(nc net.Conn) (drive.Transport, error) {
		var err error
		s, err = e.newSocket(nc)
		return s, err
	})
	if err != nil {
		return err
	}
	s.m = m
	return s.loop.add(s)
}

// newSocket makes a socket of nc's descriptor.
func (e *Engine) newSocket(nc net.Conn) (*socket, error) {
	tcp, ok := nc.(*net.TCPConn)
	if !ok {
		return nil, errTransport
	}
	local, remote := e.localOf(tcp.LocalAddr()), peerOf(tcp.RemoteAddr())
	fd, err := takeFD(tcp)
	if err != nil {
		return nil, err
	}
	s := &socket{loop: e.loops[int(e.next.Add(1))%len(e.loops)], local: local, fd: fd, peer: remote}
	s.state.Store(scheduled)
	return s, nil
}

func (e *Engine) localOf(addr net.Addr) *net.TCPAddr {
	e.mu.Lock()
	defer e.mu.Unlock()
	key := addr.String()
	if a := e.locals[key]; a != nil {
		return a
	}
	a := addr.(*net.TCPAddr)
	e.locals[key] = a
	return a
}

// Close drops all connections and stops the loops. It waits for hooks.
func (e *Engine) Close() {
	for _, l := range e.loops {
		l.stop()
	}
	for _, l := range e.loops {
		<-l.done
	}
}
