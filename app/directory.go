package app

import (
	"iter"
	"slices"
	"sync"

	"github.com/godwit-ws/godwit/conn"
)

// directory knows all connections, by number. It is a table that grows in pieces: a
// map would take as much again for each connection as half of what package conn does.
//
// The lower half of a number is the connection's place in the table, the upper one
// says how many were there before it.
type directory struct {
	mu     sync.RWMutex
	pieces []*[pieceSize]*Conn
	free   []uint64 // the numbers to be given next, of places that were used before
	live   int
	last   uint64 // the highest place that was used; 0 is nobody's
}

const (
	pieceSize  = 512
	placeBits  = 32
	oneMore    = 1 << placeBits // in the same place
	placesMask = oneMore - 1
)

// at returns where the connection with a number is, if its place was ever used.
func (d *directory) at(number uint64) **Conn {
	place := number & placesMask
	return &d.pieces[place/pieceSize][place%pieceSize]
}

// add gives c its number and takes it in.
func (d *directory) add(c *Conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if n := len(d.free); n > 0 {
		c.id, d.free = d.free[n-1], d.free[:n-1]
	} else {
		d.last++
		c.id = d.last
		if c.id/pieceSize == uint64(len(d.pieces)) {
			d.pieces = append(d.pieces, new([pieceSize]*Conn))
		}
	}
	*d.at(c.id) = c
	d.live++
}

// remove takes c out, and what it has counted over into t: at once, so that
// whoever adds up sees it in one place.
func (d *directory) remove(c *Conn, t *totals) {
	d.mu.Lock()
	defer d.mu.Unlock()
	*d.at(c.id) = nil
	d.free = append(d.free, c.id+oneMore)
	d.live--
	received, sent := c.Traffic()
	t.received.add(received)
	t.sent.add(sent)
}

// each yields all connections. mu is held.
func (d *directory) each(yield func(*Conn) bool) {
	for _, piece := range d.pieces {
		for _, c := range piece {
			if c != nil && !yield(c) {
				return
			}
		}
	}
}

// traffic adds up what has gone over all connections, those that have ended being in
// t.
func (d *directory) traffic(t *totals) (received, sent Traffic) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	received, sent = t.received.load(), t.sent.load()
	for c := range d.each {
		in, out := c.Traffic()
		received, sent = received.plus(in), sent.plus(out)
	}
	return received, sent
}

func (d *directory) find(number uint64) (*Conn, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if number&placesMask > d.last || d.last == 0 {
		return nil, false
	}
	if c := *d.at(number); c != nil && c.id == number {
		return c, true
	}
	return nil, false
}

func (d *directory) len() int {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.live
}

// list returns all connections in a new slice, in no order.
func (d *directory) list() []*Conn {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return slices.AppendSeq(make([]*Conn, 0, d.live), d.each)
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
