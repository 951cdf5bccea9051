package conn

import (
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/godwit-ws/godwit/conn/internal/bufpool"
	"github.com/godwit-ws/godwit/conn/internal/sock"
)

// leavers is where connections wait for their peers to close, once the closing
// handshake is done and our direction is closed (RFC 6455 §7.1.1). The connection
// itself is over then, and its goroutine gone: to look at all that wait every
// lingerPause costs less than to wake one goroutine for each.
var leavers lingerers

// Bounds of what waits there.
const (
	lingerPause = 20 * time.Millisecond
	maxLingers  = 1024 // whoever comes when so many wait does so on its own goroutine
	lingerReads = 16   // at a time, of one socket
)

// lingerers is a set of sockets. The zero value is empty.
type lingerers struct {
	mu    sync.Mutex
	all   []lingerer
	spare []lingerer
	timer *time.Timer
}

// lingerer is a socket whose peer is still to close.
type lingerer struct {
	nc    net.Conn
	rc    syscall.RawConn
	until time.Time
	total int // bytes dropped
}

// add takes nc over. It returns false if there is no room.
func (l *lingerers) add(nc net.Conn, rc syscall.RawConn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.all) == maxLingers {
		return false
	}
	l.all = append(l.all, lingerer{nc: nc, rc: rc, until: time.Now().Add(lingerTime)})
	if len(l.all) == 1 {
		l.arm()
	}
	return true
}

// arm has all looked at after a pause. mu is held.
func (l *lingerers) arm() {
	if l.timer == nil {
		l.timer = time.AfterFunc(lingerPause, l.look)
	} else {
		l.timer.Reset(lingerPause)
	}
}

// look closes the sockets whose peers have closed, or have taken too long.
func (l *lingerers) look() {
	l.mu.Lock()
	all := l.all
	l.all, l.spare = l.spare[:0], nil
	l.mu.Unlock()
	now, sink := time.Now(), bufpool.Get(maxScratch)
	waiting := all[:0]
	for _, s := range all {
		if now.After(s.until) || s.drain(sink.B[:maxScratch]) {
			s.nc.Close() // nobody could act on its error
		} else {
			waiting = append(waiting, s)
		}
	}
	bufpool.Put(sink)
	clear(all[len(waiting):])
	l.mu.Lock()
	defer l.mu.Unlock()
	came := l.all
	l.all = append(waiting, came...)
	clear(came)
	l.spare = came[:0]
	if len(l.all) > 0 {
		l.arm()
	}
}

// drain drops what has come, as far as the peer doesn't send all the time. It returns
// true if nothing more is to come, or to be waited for.
func (s *lingerer) drain(sink []byte) (done bool) {
	err := s.rc.Read(func(fd uintptr) bool {
		for range lingerReads {
			n, err := sock.Read(int(fd), sink)
			if err != 0 || n == 0 {
				done = err != syscall.EAGAIN
				return true
			}
			s.total += n
		}
		return true
	})
	return done || err != nil || s.total > lingerBytes
}
