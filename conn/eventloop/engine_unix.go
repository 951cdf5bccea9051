//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package eventloop

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/internal/drive"
)

// loops are an Engine's loops, and what they share.
type loops struct {
	cfg   *Config
	began time.Time
	crowd crowd
	all   []*loop
	next  atomic.Uint32
	pool  pool
	watch watch

	mu        sync.Mutex
	listeners map[uint32]*acceptor
	lastID    uint32
}

// start starts the loops.
func (s *loops) start(cfg *Config) error {
	s.cfg, s.began = cfg, time.Now()
	for range cfg.Loops {
		l, err := newLoop(s)
		if err != nil {
			for _, l := range s.all {
				l.poll.close()
			}
			return fmt.Errorf("eventloop: %w", err)
		}
		s.all = append(s.all, l)
	}
	s.watch.loops, s.watch.pool, s.pool.watch = s.all, &s.pool, &s.watch
	for _, l := range s.all {
		go l.serve()
	}
	return nil
}

// attach takes a connection over, if it is one that loops can drive. For others it
// returns drive.ErrTransport, as Drive does.
func (s *loops) attach(c *conn.Conn, h conn.Hooks) (drive.Machine, error) {
	var k *socket
	m, err := c.Drive(h, s.cfg.mode(), func(nc net.Conn) (drive.Transport, error) {
		var t drive.Transport
		var err error
		k, t, err = s.connect(nc)
		return t, err
	})
	if err != nil {
		return m, err
	}
	if k.placed() {
		return m, k.become(m)
	}
	k.m = m
	if err = k.loop.add(k); err != nil {
		m.Abort() // nobody gives it a turn
	}
	return m, err
}

// connect makes a socket of a connection's descriptor, and what reads and writes
// there.
func (s *loops) connect(nc net.Conn) (*socket, drive.Transport, error) {
	secured, isTLS := nc.(*tls.Conn)
	var below *drive.BelowTLS
	if isTLS {
		below, _ = secured.NetConn().(*drive.BelowTLS)
		if below == nil || !secured.ConnectionState().HandshakeComplete {
			return nil, nil, drive.ErrTransport
		}
		nc = below.Conn
	}
	if here, ok := nc.(ours); ok {
		if k := here.attach(); k != nil {
			return k, k, nil
		}
		nc = here.Ordinary()
	}
	switch nc.(type) {
	case *net.TCPConn, *net.UnixConn:
	default:
		return nil, nil, drive.ErrTransport
	}
	k, err := s.place(nc)
	if err != nil || !isTLS {
		return k, k, err
	}
	sec := &secure{socket: k, tls: secured}
	k.home = &home{loop: k.loop, local: k.local, secure: sec}
	below.Drive(sealed{sec})
	return k, sec, nil
}

// ours is a connection that is on a loop from the start. attach leaves it there for
// good; it returns nil if it has left before.
type ours interface {
	drive.Pending
	attach() *socket
}

// pick returns the loop whose turn it is to have one more connection.
func (s *loops) pick() *loop { return s.all[int(s.next.Add(1))%len(s.all)] }

// place makes a socket of the descriptor of nc.
func (s *loops) place(nc net.Conn) (*socket, error) {
	l := s.pick()
	at, peer := l.homeAt(ownAddrOf(nc.LocalAddr())), peerOf(nc.RemoteAddr())
	fd, err := takeFD(nc.(syscall.Conn))
	if err != nil {
		return nil, err
	}
	k := &socket{home: at, fd: fd, peer: peer}
	k.state.Store(scheduled | attended | placing) // until it has its place, and its first turn
	return k, nil
}

// register makes a listener known, and returns what its events carry.
func (s *loops) register(a *acceptor) (id uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listeners == nil {
		s.listeners = make(map[uint32]*acceptor)
	}
	s.lastID++
	s.listeners[s.lastID] = a
	return s.lastID
}

func (s *loops) unregister(id uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listeners, id)
}

// listener returns the listener that was registered, or nil.
func (s *loops) listener(id uint32) *acceptor {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.listeners[id]
}

// dismiss drops the connections accepted under ctx whose opening requests aren't there
// yet.
func (s *loops) dismiss(ctx context.Context) {
	for _, l := range s.all {
		for _, k := range l.sockets() {
			if m, ok := k.machine().(drive.Awaiting); ok && m.Under(ctx) {
				m.Abort()
			}
		}
	}
}

func (s *loops) len() int {
	n := 0
	for _, l := range s.all {
		n += l.len()
	}
	return n
}

// stop has the loops end once their connections have, and does something to all of
// them.
func (s *loops) stop(do func(drive.Machine)) {
	for _, l := range s.all {
		for _, k := range l.stop() {
			do(k.machine())
		}
	}
}

// wait waits for the loops that were stopped.
func (s *loops) wait() {
	for _, l := range s.all {
		<-l.done
	}
	s.pool.wait()
}
