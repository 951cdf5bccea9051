package app

import (
	"iter"
	"sync"

	"github.com/godwit-ws/godwit/conn"
)

// directory knows all connections, by number.
type directory struct {
	mu    sync.RWMutex
	conns map[uint64]*Conn
	last  uint64 // number given
}

func (d *directory) init() { d.conns = make(map[uint64]*Conn) }

// add gives c its number and takes it in.
func (d *directory) add(c *Conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.last++
	c.id = d.last
	d.conns[c.id] = c
}

// remove takes c out, and what it has counted over into t: at once, so that
// whoever adds up sees it in one place.
func (d *directory) remove(c *Conn, t *totals) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.conns, c.id)
	received, sent := c.Traffic()
	t.received.add(received)
	t.sent.add(sent)
}

// traffic adds up what has gone over all connections, those that have ended being in
// t.
func (d *directory) traffic(t *totals) (received, sent Traffic) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	received, sent = t.received.load(), t.sent.load()
	for _, c := range d.conns {
		in, out := c.Traffic()
		received, sent = received.plus(in), sent.plus(out)
	}
	return received, sent
}

func (d *directory) find(number uint64) (*Conn, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	c, ok := d.conns[number]
	return c, ok
}

func (d *directory) len() int {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return len(d.conns)
}

// list returns all connections in a new slice, in no order.
func (d *directory) list() []*Conn {
	d.mu.RLock()
	defer d.mu.RUnlock()
	all := make([]*Conn, 0, len(d.conns))
	for _, c := range d.conns {
		all = append(all, c)
	}
	return all
}

// all yields the connections that there are now, in no order. The loop may do what
// it likes: nothing is locked.
func (d *directory) all() iter.Seq[*Conn] {
	return func(yield func(*Conn) bool) {
		for _, c := range d.list() {
			if !yield(c) {
				return
			}
		}
	}
}

// Conns yields the connections that there are when the loop begins, in no order.
func (s *Server) Conns() iter.Seq[*Conn] { return s.conns.all() }

// Conn returns the connection with that id, if it is up.
func (s *Server) Conn(id string) (*Conn, bool) {
	number, ok := parseID(id)
	if !ok {
		return nil, false
	}
	return s.conns.find(number)
}

// Kick closes the connection with that id, as Conn.Close does. It reports whether
// there was one.
func (s *Server) Kick(id string, code conn.Code, reason string) (bool, error) {
	c, ok := s.Conn(id)
	if !ok {
		return false, nil
	}
	return true, c.Close(code, reason)
}
