package eventloop

import (
	"encoding/binary"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// poller waits for events of many descriptors, each told of once (edge-triggered):
// after that nothing needs to be changed when a connection waits for one thing or
// the other, and no system call is spent on it.
type poller struct {
	epoll int
	waker int // an eventfd
	buf   [256]unix.EpollEvent
}

func newPoller() (*poller, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	waker, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		unix.Close(epoll)
		return nil, err
	}
	p := &poller{epoll: epoll, waker: waker}
	if err := p.add(int32(waker), 0, 0); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// add watches a descriptor until it is closed. Events carry index and age.
func (p *poller) add(fd int32, index, age uint32) error {
	return unix.EpollCtl(p.epoll, unix.EPOLL_CTL_ADD, int(fd), &unix.EpollEvent{
		Events: unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET,
		Fd:     int32(index),
		Pad:    int32(age),
	})
}

// awaitWrite does nothing: that a socket takes bytes again is an event as any other.
func (p *poller) awaitWrite(*socket) {}

// wait waits for events, for at most d, or for ever if d is negative. It may return
// none.
func (p *poller) wait(events []event, d time.Duration) int {
	var n int
	if d == 0 {
		r, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.epoll), uintptr(unsafe.Pointer(&p.buf)), uintptr(len(events)), 0, 0, 0)
		if errno != 0 {
			return 0
		}
		n = int(r)
	} else {
		ms := -1
		if d > 0 {
			ms = int((d + time.Millisecond - 1) / time.Millisecond)
		}
		var err error
		n, err = unix.EpollWait(p.epoll, p.buf[:len(events)], ms)
		if err != nil {
			return 0 // interrupted
		}
	}
	for i := range p.buf[:n] {
		e := &p.buf[i]
		gone := e.Events&(unix.EPOLLHUP|unix.EPOLLERR) != 0
		events[i] = event{
			index:    uint32(e.Fd),
			age:      uint32(e.Pad),
			readable: e.Events&unix.EPOLLIN != 0,
			writable: e.Events&unix.EPOLLOUT != 0 || gone,
			hungUp:   e.Events&unix.EPOLLRDHUP != 0 || gone,
		}
	}
	return n
}

// wake ends a wait.
func (p *poller) wake() {
	var one [8]byte
	binary.NativeEndian.PutUint64(one[:], 1) // the counter is never read, and never full
	unix.Write(p.waker, one[:])              // each write is an event
}

func (p *poller) close() {
	unix.Close(p.waker)
	unix.Close(p.epoll)
}
