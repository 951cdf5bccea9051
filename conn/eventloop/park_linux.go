package eventloop

import (
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// parking is the way to wait for a poller through the runtime's: the goroutine waits,
// and no thread of its own does. That is cheap as long as processors are free; beside
// goroutines that compute it takes until one of them is made to pause.
type parking struct {
	file     *os.File // the epoll descriptor, as the runtime knows it
	raw      syscall.RawConn
	deadline time.Time // that is set on file; zero for none
	ready    func(fd uintptr) bool
	idle     func() bool // of the park that is under way
	events   []unix.EpollEvent
	n        int
}

// init finds out whether epoll, whose descriptor is file's from here on, can be waited
// for in this way.
func (p *parking) init(epoll int) error {
	if err := unix.SetNonblock(epoll, true); err != nil {
		return err
	}
	p.file = os.NewFile(uintptr(epoll), "epoll")
	raw, err := p.file.SyscallConn()
	if err != nil {
		return err
	}
	p.ready = p.look
	if p.file.SetReadDeadline(time.Time{}) == nil {
		p.raw = raw
	}
	return nil
}

// look is the callback of RawConn.Read: false waits and calls again.
func (p *parking) look(epoll uintptr) bool {
	p.n = pollNow(int(epoll), p.events)
	return p.n > 0 || p.idle()
}

// park fills events like wait, for at most until at, if that isn't zero. idle is
// called before it waits: true says that there is something else to do.
func (p *parking) park(events []unix.EpollEvent, at time.Time, idle func() bool) int {
	if !at.IsZero() && (p.deadline.IsZero() || at.Before(p.deadline)) {
		p.deadline = at
		p.file.SetReadDeadline(at) // can't fail: init has seen to that
	}
	p.events, p.idle, p.n = events, idle, 0
	if p.raw.Read(p.ready) != nil { // the time is over
		p.deadline = time.Time{}
		p.file.SetReadDeadline(p.deadline)
	}
	return p.n
}
