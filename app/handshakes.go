package app

import (
	"io"
	"sync"
)

// handshakes are the opening handshakes under way, in the order in which they began. At
// most limit of them are: for one more, the oldest is dropped. It has had the longest
// time to send a request that others send at once, so that those who connect and say
// nothing make room for each other, and not for nobody.
type handshakes struct {
	limit int // 0 or less: none

	mu    sync.Mutex
	first *underway // the oldest
	last  *underway
	n     int
}

// underway is a handshake that is under way.
type underway struct {
	nc         io.Closer
	prev, next *underway
	listed     bool
}

// begin notes a handshake on nc, a net.Conn or an eventloop.Arrival, and drops the oldest
// if there are too many.
func (h *handshakes) begin(nc io.Closer) *underway {
	if h.limit <= 0 {
		return nil
	}
	u := &underway{nc: nc, listed: true}
	h.mu.Lock()
	var oldest *underway
	if h.n == h.limit {
		oldest = h.first
		h.remove(oldest)
	}
	if u.prev = h.last; u.prev == nil {
		h.first = u
	} else {
		u.prev.next = u
	}
	h.last = u
	h.n++
	h.mu.Unlock()
	if oldest != nil {
		oldest.nc.Close() // whoever reads from it finds out
	}
	return u
}

// end notes that a handshake isn't under way any more.
func (h *handshakes) end(u *underway) {
	if u == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if u.listed {
		h.remove(u)
	}
}

// remove takes u out of the list. mu is held.
func (h *handshakes) remove(u *underway) {
	if u.prev == nil {
		h.first = u.next
	} else {
		u.prev.next = u.next
	}
	if u.next == nil {
		h.last = u.prev
	} else {
		u.next.prev = u.prev
	}
	u.listed, u.prev, u.next = false, nil, nil
	h.n--
}
