package eventloop

import (
	"context"
	"net"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/internal/drive"
	"github.com/godwit-ws/godwit/conn/internal/sock"
)

// acceptor accepts the connections of one listener for the loops, whose descriptor
// all of them watch: one that has nothing to do is woken for it.
type acceptor struct {
	loops  *loops
	ctx    context.Context
	r      *Reception
	id     uint32
	local  ownAddr         // unless each connection has its own
	varies bool            // each has
	rc     syscall.RawConn // of the listener, to see whether it was closed
	failed chan error      // why nothing more is accepted for now; has room for one

	mu sync.RWMutex // held for reading while fd is used
	fd int32        // a duplicate of the listener's; -1 once it is closed
}

// maxAccepts is how many connections are accepted before others have their turns.
const maxAccepts = 64

// accept does what Engine.Accept promises. life is the Engine's.
func (s *loops) accept(ctx, life context.Context, l net.Listener, r *Reception) error {
	switch l.(type) {
	case *net.TCPListener, *net.UnixListener:
	default:
		return ErrListener
	}
	a := &acceptor{loops: s, ctx: ctx, r: r, failed: make(chan error, 1)}
	if err := a.open(l); err != nil {
		return err
	}
	defer func() { // when nothing more is accepted
		context.AfterFunc(ctx, func() { s.dismiss(ctx) })
	}()
	defer a.close()
	for {
		if err := a.watch(); err != nil {
			if life.Err() != nil {
				return errStopped // and its loops with it
			}
			a.fail(err)
		}
		select {
		case <-life.Done():
			return errStopped
		case <-ctx.Done():
			return ctx.Err()
		case <-r.Stop:
			return nil
		case err := <-a.failed:
			a.unwatch()
			if err := r.Failed(err); err != nil {
				return err
			}
			if life.Err() != nil {
				return errStopped
			}
		}
	}
}

// open takes a duplicate of the listener's descriptor.
func (a *acceptor) open(l net.Listener) (err error) {
	if a.rc, err = l.(syscall.Conn).SyscallConn(); err != nil {
		return err
	}
	if a.fd, err = duplicate(a.rc); err != nil {
		return err
	}
	a.local = ownAddrOf(l.Addr())
	if tcp, ok := l.Addr().(*net.TCPAddr); ok {
		a.varies = tcp.IP.IsUnspecified()
		a.setOptions()
	}
	return nil
}

// setOptions gives the listener what package net gives each connection that it accepts
// itself: here they inherit it. Without it all still works. Probes that somebody has set
// up for the listener stay as they are; what its ListenConfig says can't be known.
func (a *acceptor) setOptions() {
	fd := int(a.fd)
	unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	if on, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE); on == 0 && err == nil {
		sock.KeepAlive(fd)
	}
}

// close ends accepting. What waits in the listener is its owner's to end.
func (a *acceptor) close() {
	a.unwatch()
	a.mu.Lock()
	defer a.mu.Unlock()
	closeFD(a.fd)
	a.fd = -1
}

// watch has all loops look at the listener.
func (a *acceptor) watch() error {
	a.id = a.loops.register(a)
	for _, l := range a.loops.all {
		if err := l.poll.listen(a.fd, a.id); err != nil {
			return os.NewSyscallError("epoll_ctl", err)
		}
	}
	return nil
}

// unwatch has no loop look at the listener.
func (a *acceptor) unwatch() {
	for _, l := range a.loops.all {
		l.poll.remove(a.fd)
	}
	a.loops.unregister(a.id)
}

// batch accepts what waits, up to maxAccepts. It is called by loop l.
func (a *acceptor) batch(l *loop) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if a.fd < 0 {
		return
	}
	if err := a.rc.Control(func(uintptr) {}); err != nil { // it was closed by somebody else
		a.fail(err)
		return
	}
	for range maxAccepts {
		fd, from, err := acceptNow(a.fd)
		switch err {
		case nil:
			if err := a.take(l.orIdler(), fd, from); err != nil {
				a.fail(err)
				return
			}
		case unix.EAGAIN:
			return
		case unix.EINTR, unix.ECONNABORTED, unix.EPROTO, unix.EPERM: // that client is gone, or not let through
		default:
			a.fail(os.NewSyscallError("accept4", err))
			return
		}
	}
}

// fail reports why nothing more can be accepted for now.
func (a *acceptor) fail(err error) {
	select {
	case a.failed <- err:
	default: // another loop has
	}
}

// take puts an accepted socket on a loop.
func (a *acceptor) take(l *loop, fd int32, from peer) error {
	local := a.local
	if a.varies {
		local = ownAddr{tcp: localOf(fd)}
	}
	k := &socket{home: l.homeAt(local), fd: fd, peer: from}
	k.state.Store(scheduled | moving) // until it has its place, and is open
	h := &held{k: k}
	m, err := a.r.Upgrader.Await(a.ctx, k, h, a.arrive)
	if m == nil {
		h.Close() // so that an Arrival that was kept does nothing
		return err
	}
	k.m = m
	if err = l.add(k); err != nil {
		k.state.Or(finished) // it stays scheduled, so that it has no turn
		m.Lose(err)
	}
	return err
}

func (a *acceptor) arrive(m drive.Awaiting) func(*conn.Opening, error) { return a.r.Arrive(m) }

// orIdler returns the loop for a socket that l has accepted: l itself, which is awake,
// unless another has clearly fewer.
func (l *loop) orIdler() *loop {
	least := l
	for _, other := range l.shared.all {
		if other.load.Load() < least.load.Load() {
			least = other
		}
	}
	if few := least.load.Load(); l.load.Load() <= few+few/8+16 {
		return l
	}
	return least
}
