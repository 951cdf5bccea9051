//go:build darwin || freebsd || netbsd || openbsd || dragonfly

package eventloop

import (
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// poller waits for events of many descriptors, each told of once (EV_CLEAR). That a
// socket takes bytes again is asked for each time, since it would be told of with
// every byte that the peer acknowledges.
type poller struct {
	kq    int
	waker [2]int // a pipe: what is written to the second wakes
	buf   [256]unix.Kevent_t

	mu     sync.Mutex
	places map[uint64]event // by descriptor: whose events they are
}

func newPoller() (*poller, error) {
	kq, err := unix.Kqueue()
	if err != nil {
		return nil, err
	}
	unix.CloseOnExec(kq)
	p := &poller{kq: kq, places: make(map[uint64]event)}
	if err := unix.Pipe(p.waker[:]); err != nil {
		unix.Close(kq)
		return nil, err
	}
	for _, fd := range p.waker {
		unix.CloseOnExec(fd)
		if err := unix.SetNonblock(fd, true); err != nil {
			p.close()
			return nil, err
		}
	}
	if err := p.add(int32(p.waker[0]), 0, 0); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// add watches a descriptor until it is closed. Events carry index and age.
func (p *poller) add(fd int32, index, age uint32) error {
	p.mu.Lock()
	p.places[uint64(fd)] = event{index: index, age: age}
	p.mu.Unlock()
	return p.change(fd, unix.EVFILT_READ, unix.EV_ADD|unix.EV_CLEAR)
}

// staysArmed says that awaitWrite is good for one event.
const staysArmed = false

// awaitWrite asks for one event when the socket takes bytes.
func (p *poller) awaitWrite(fd int32, _, _ uint32) {
	p.change(fd, unix.EVFILT_WRITE, unix.EV_ADD|unix.EV_ONESHOT) // where it fails the connection is lost, which reading shows
}

func (p *poller) change(fd int32, filter, flags int) error {
	var change [1]unix.Kevent_t
	unix.SetKevent(&change[0], int(fd), filter, flags)
	_, err := unix.Kevent(p.kq, change[:], nil, nil)
	return err
}

// wait waits for events, for at most d, or for ever if d is negative. It may return
// none.
func (p *poller) wait(events []event, d time.Duration) int {
	var limit *unix.Timespec
	if d >= 0 {
		t := unix.NsecToTimespec(int64(d))
		limit = &t
	}
	n, err := unix.Kevent(p.kq, nil, p.buf[:len(events)], limit)
	if err != nil {
		return 0 // interrupted
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.buf[:n] {
		k := &p.buf[i]
		if uint64(k.Ident) == uint64(p.waker[0]) {
			var sink [64]byte
			unix.Read(p.waker[0], sink[:]) // so that the pipe doesn't fill; an error would change nothing
		}
		ev := p.places[uint64(k.Ident)]
		ev.readable = k.Filter == unix.EVFILT_READ
		ev.writable = k.Filter == unix.EVFILT_WRITE
		ev.hungUp = k.Flags&unix.EV_EOF != 0
		events[i] = ev
	}
	return n
}

// parks reports whether park can be called.
func (p *poller) parks() bool { return false }

func (p *poller) park([]event, time.Time, func() bool) int { panic("eventloop: kqueue isn't parked") }

// wake ends a wait.
func (p *poller) wake() {
	unix.Write(p.waker[1], []byte{0}) // fails only where the pipe is full, which wakes as well
}

func (p *poller) close() {
	unix.Close(p.waker[0])
	unix.Close(p.waker[1])
	unix.Close(p.kq)
}
