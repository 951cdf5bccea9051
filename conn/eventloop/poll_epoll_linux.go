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
	epoll   int
	waker   int // an eventfd
	buf     [256]unix.EpollEvent
	parking parking
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
	if err := p.parking.init(epoll); err != nil {
		unix.Close(waker)
		unix.Close(epoll)
		return nil, err
	}
	if err := p.add(int32(waker), 0, 0); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// add watches a descriptor until it is closed. Events carry index and age.
func (p *poller) add(fd int32, index, age uint32) error {
	return p.control(unix.EPOLL_CTL_ADD, fd, unix.EPOLLIN, index, age)
}

// listen watches a listener's descriptor, for as long as something is to be accepted.
// Events carry no index, and its id. Of several loops that wait one is woken.
func (p *poller) listen(fd int32, id uint32) error {
	return unix.EpollCtl(p.epoll, unix.EPOLL_CTL_ADD, int(fd), &unix.EpollEvent{
		Events: unix.EPOLLIN | unix.EPOLLEXCLUSIVE,
		Pad:    int32(id),
	})
}

// staysArmed says that awaitWrite is good for all the events to come.
const staysArmed = true

// awaitWrite watches for writability as well. It isn't there from the start, since
// the system would tell of each new socket that it takes bytes.
func (p *poller) awaitWrite(fd int32, index, age uint32) {
	p.control(unix.EPOLL_CTL_MOD, fd, unix.EPOLLIN|unix.EPOLLOUT, index, age) // where it fails the connection is lost, which reading shows
}

func (p *poller) control(op int, fd int32, events, index, age uint32) error {
	e := unix.EpollEvent{Events: events | unix.EPOLLRDHUP | unix.EPOLLET, Fd: int32(index), Pad: int32(age)}
	_, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_CTL, uintptr(p.epoll), uintptr(op), uintptr(fd), uintptr(unsafe.Pointer(&e)), 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// remove stops watching a descriptor that stays open elsewhere.
func (p *poller) remove(fd int32) {
	unix.EpollCtl(p.epoll, unix.EPOLL_CTL_DEL, int(fd), nil) // fails only where there is nothing to remove
}

// wait waits for events, for at most d, or for ever if d is negative. It may return
// none.
func (p *poller) wait(events []event, d time.Duration) int {
	if d == 0 {
		return p.tell(events, pollNow(p.epoll, p.buf[:len(events)]))
	}
	ms := -1
	if d > 0 {
		ms = int((d + time.Millisecond - 1) / time.Millisecond)
	}
	n, err := unix.EpollWait(p.epoll, p.buf[:len(events)], ms)
	if err != nil {
		return 0 // interrupted
	}
	return p.tell(events, n)
}

// pollNow is EpollWait without waiting.
func pollNow(epoll int, events []unix.EpollEvent) int {
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(epoll), uintptr(unsafe.Pointer(&events[0])), uintptr(len(events)), 0, 0, 0)
	if errno != 0 {
		return 0
	}
	return int(n)
}

// parks reports whether park can be called.
func (p *poller) parks() bool { return p.parking.raw != nil }

// park waits as wait does, until the given time if it isn't zero, by way of the
// runtime's poller. idle is called before it waits: true says that there is something
// else to do.
func (p *poller) park(events []event, at time.Time, idle func() bool) int {
	return p.tell(events, p.parking.park(p.buf[:len(events)], at, idle))
}

// tell makes events of the first n in buf.
func (p *poller) tell(events []event, n int) int {
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
	p.parking.file.Close()
}
