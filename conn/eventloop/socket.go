//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package eventloop

import (
	"io"
	"net"
	"os"
	"sync/atomic"
	"time"

	"github.com/godwit-ws/godwit/conn/internal/drive"
	"github.com/godwit-ws/godwit/conn/internal/sock"
)

// socket is a connection's place on a loop: what the loop knows of it, and, as its
// drive.Transport, what it knows of the loop. There is one for each connection, so
// it is small.
type socket struct {
	*home
	m     drive.Machine // guarded by loop.mu while another is still to take over
	spoke               // guarded by loop.mu
	index uint32        // in loop.table; 0 while it isn't there; guarded by loop.mu
	age   uint32        // tells it from earlier ones with its index; guarded by loop.mu
	state atomic.Uint32
	fd    int32
	peer  peer
}

// home is what many sockets have in common; one with TLS has its own.
type home struct {
	loop   *loop
	local  net.Addr
	secure *secure
}

// The bits of a socket's state.
const (
	ready     = 1 << iota // bytes may have come
	attended              // a turn is due, bytes or not
	scheduled             // it is in a run queue, or has a turn: whoever has it looks at the bits above
	awaiting              // Machine.Writable is to be called
	hungUp                // the peer has closed its direction: one more read is due after a short one that began then
	paused                // no bytes are wanted
	finished              // its last turn is over
	armed                 // the poller tells of writability
	placing               // it gets its place on the loop: its descriptor stays open until it has it
	shut                  // Close was called
	moving                // another machine is still to take over
)

// RemoteAddr implements drive.Transport.
func (s *socket) RemoteAddr() net.Addr {
	if _, ok := s.local.(*net.UnixAddr); ok {
		return &net.UnixAddr{Net: "unix"} // clients have none
	}
	return s.peer.addr()
}

// LocalAddr implements drive.Transport.
func (s *socket) LocalAddr() net.Addr { return s.local }

// Read implements drive.Transport.
func (s *socket) Read(p []byte) (int, error) {
	n, err := sock.Read(int(s.fd), p)
	switch {
	case n > 0:
		return n, nil
	case err == 0:
		return 0, io.EOF
	case again(err):
		return 0, drive.ErrWouldBlock
	}
	return 0, s.opError("read", err)
}

// Write implements drive.Transport.
func (s *socket) Write(head, tail []byte, last bool) (int, error) {
	n, err := sock.Write(int(s.fd), head, tail, last)
	switch {
	case err == 0:
		return n, nil
	case again(err):
		return 0, drive.ErrWouldBlock
	}
	return 0, s.opError("write", err)
}

// opError dresses an error of a system call as package net does.
func (s *socket) opError(op string, err error) error {
	return &net.OpError{
		Op:     op,
		Net:    s.LocalAddr().Network(),
		Source: s.LocalAddr(),
		Addr:   s.RemoteAddr(),
		Err:    os.NewSyscallError(op, err),
	}
}

// AwaitWrite implements drive.Transport.
func (s *socket) AwaitWrite() {
	if s.state.Or(awaiting|armed)&armed == 0 || !staysArmed {
		s.loop.awaitWrite(s)
	}
}

// CloseWrite implements drive.Transport.
func (s *socket) CloseWrite() { shutdownWrite(s.fd) }

// Shutdown implements drive.Transport.
func (s *socket) Shutdown() { shutdownBoth(s.fd) }

// Close implements drive.Transport.
func (s *socket) Close() {
	if s.state.Or(shut)&placing == 0 {
		closeFD(s.fd)
	}
}

// settled is called once the socket has its place, or will have none. One that was
// accepted for a loop may have been closed meanwhile.
func (s *socket) settled() {
	if s.state.And(^uint32(placing))&(placing|shut) == placing|shut {
		closeFD(s.fd)
	}
}

// WakeAt implements drive.Transport.
func (s *socket) WakeAt(at time.Time) { s.loop.wakeAt(s, at) }

// Attend implements drive.Transport.
func (s *socket) Attend() { s.notice(attended) }

// notice notes that a turn is due, and sees that it comes.
func (s *socket) notice(why uint32) {
	old := s.state.Or(why | scheduled)
	if old&scheduled == 0 {
		s.loop.schedule(s)
	}
}

// machine returns who deals with what happens on the socket.
func (s *socket) machine() drive.Machine {
	s.loop.mu.Lock()
	defer s.loop.mu.Unlock()
	return s.m
}

// machineIn is machine for the socket's turns and events, which pay for a lock only as
// long as another may take over. state is the socket's.
func (s *socket) machineIn(state uint32) drive.Machine {
	if state&moving != 0 {
		return s.machine()
	}
	return s.m
}

// placed reports whether the socket has its place on the loop.
func (s *socket) placed() bool {
	s.loop.mu.Lock()
	defer s.loop.mu.Unlock()
	return s.index != 0
}

// become has another machine deal with what happens on the socket. On a loop that was
// stopped nobody does.
func (s *socket) become(m drive.Machine) error {
	s.loop.mu.Lock()
	stopped := s.loop.stopped.Load()
	if stopped {
		m = gone{}
	}
	s.m = m
	s.state.And(^uint32(moving)) // behind m: who sees it sees m
	s.loop.mu.Unlock()
	m.Writable() // for what the one before was told in vain
	m.Tick(time.Now())
	s.notice(attended)
	if stopped {
		return errStopped
	}
	return nil
}

// event deals with what the system says of the socket. It is called by the loop.
func (s *socket) event(ev event) {
	if ev.writable && s.state.Load()&awaiting != 0 {
		state := s.state.And(^uint32(awaiting))
		if s.secure != nil {
			s.secure.writable()
		}
		s.machineIn(state).Writable()
	}
	if !ev.readable && !ev.hungUp {
		return
	}
	why := uint32(ready)
	if ev.hungUp {
		why |= hungUp
	}
	for {
		old := s.state.Load()
		next := old | why
		if old&(paused|finished) == 0 {
			next |= scheduled
		}
		if s.state.CompareAndSwap(old, next) {
			if old&scheduled == 0 && next&scheduled != 0 {
				s.loop.queue = append(s.loop.queue, s)
			}
			return
		}
	}
}

// turns lets the connection have turns, up to maxTurns, until nothing is left to be
// done. If done is false there may be more to do: the socket is then still
// scheduled. If ours is false, the watch has ended the shift.
func (s *socket) turns(h *hand, sh *shift) (done, ours bool) {
	for range maxTurns {
		state := s.state.And(^uint32(ready | attended | paused))
		h.turn = sh.begin(s)
		s.loop.shared.watch.arm()
		next := s.machineIn(state).Turn(&h.Workspace)
		ours = sh.end(h.turn)
		if done = s.after(next, state); done || !ours {
			return done, ours
		}
	}
	return false, true
}

// after does what the outcome of a turn asks for, which has begun in the given state. It
// returns false if another turn is due.
func (s *socket) after(next drive.Outcome, state uint32) (done bool) {
	switch next {
	case drive.Over:
		s.state.Or(finished)
		s.loop.remove(s)
		return true
	case drive.Unread:
		return state&ready == 0 && s.secure == nil && s.rest(ready|attended|hungUp, 0)
	case drive.Drained:
		if state&hungUp != 0 { // all was there when the turn began: the end comes behind what was read
			s.state.And(^uint32(hungUp))
			return false
		}
		return s.rest(ready|attended|hungUp, 0)
	case drive.Paused:
		return s.rest(attended, paused)
	}
	s.state.Or(ready) // for a turn that doesn't read
	return false
}

// maxTurns is how many turns a connection has one after the other: one that sends
// without end lets others have theirs.
const maxTurns = 4

// rest ends the scheduled state, unless one of the bits of unless says that there is
// something to do.
func (s *socket) rest(unless, with uint32) bool {
	for {
		old := s.state.Load()
		if old&unless != 0 {
			return false
		}
		if s.state.CompareAndSwap(old, old&^scheduled|with) {
			return true
		}
	}
}
