//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package eventloop

// add gives a socket, which is scheduled, its place on the loop, and its first turn: at
// once if one is due, and otherwise when bytes come. Until the poller has it, and after
// an error, it has none: whoever is told of the error closes it.
func (l *loop) add(s *socket) error {
	defer s.settled()
	l.mu.Lock()
	if l.stopped.Load() {
		l.mu.Unlock()
		return errStopped
	}
	due := s.due
	s.spoke = spoke{}
	l.table.add(s)
	l.load.Add(1)
	index, age := s.index, s.age
	if due != 0 {
		l.setWheel(s, due)
	}
	l.mu.Unlock()
	if err := l.poll.add(s.fd, index, age); err != nil {
		l.remove(s)
		return err
	}
	if s.state.Load()&armed != 0 { // by a write that found no place
		l.poll.awaitWrite(s.fd, index, age)
	}
	if !s.rest(ready|attended, 0) {
		l.schedule(s)
	}
	return nil
}

// awaitWrite has the poller tell when a socket takes bytes.
func (l *loop) awaitWrite(s *socket) {
	l.mu.Lock()
	index, age := s.index, s.age
	l.mu.Unlock()
	if index != 0 {
		l.poll.awaitWrite(s.fd, index, age)
	}
}

// remove takes a socket off the loop.
func (l *loop) remove(s *socket) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.index == 0 {
		return // it had no place, or has been taken off before
	}
	l.wheel.remove(&l.table, s.index)
	l.table.remove(s)
	l.load.Add(-1)
	if l.table.live == 0 && l.stopped.Load() {
		l.nudge()
	}
}

// stop has the loop end once its sockets have, and returns these.
func (l *loop) stop() []*socket {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stopped.Store(true)
	l.nudge()
	return l.table.all()
}

// sockets returns all sockets of the loop.
func (l *loop) sockets() []*socket {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.table.all()
}

func (l *loop) len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.table.live
}

// maxHomes is how many of our own addresses are kept for all sockets that have them.
const maxHomes = 1024

// homeAt returns what sockets with this address of ours have in common.
func (l *loop) homeAt(local ownAddr) *home {
	l.mu.Lock()
	defer l.mu.Unlock()
	if known := l.homes[local]; known != nil {
		return known
	}
	at := &home{loop: l, local: local.addr()}
	if len(l.homes) < maxHomes {
		l.homes[local] = at
	}
	return at
}
