package conn

import (
	"math/bits"
	"sync"
	"sync/atomic"
)

// budget bounds what all connections of an Upgrader or a Dialer hold together: parts of
// messages that have come, and output that can't leave. Past its limit the connections
// that hold most are closed, until seven eighths of it are left.
//
// A connection counts while it holds minHeld bytes at least. It tells of changes under
// its own mu; a shard's is taken inside of that, and never the other way round.
type budget struct {
	limit    int64        // in bytes; negative: none
	held     atomic.Int64 // in bytes
	going    atomic.Int64 // the part of it that is of connections which are going
	shedding atomic.Bool
	next     atomic.Uint32 // shard to give out
	shards   [budgetShards]budgetShard
}

// budgetShard has the connections that hold something, and how much.
type budgetShard struct {
	mu    sync.Mutex
	conns map[*Conn]holder
}

// holder is what a connection holds, in bytes. One that is going was told to close.
type holder struct {
	bytes int64
	going bool
}

const (
	budgetShards = 16
	// minHeld is how many bytes a connection must hold to count: what every connection
	// may need for a moment costs nothing to keep the books of.
	minHeld = 8 << 10
)

// full reports whether there is no room for newcomers: if to close those who hold most
// doesn't suffice, or if they take long to go.
func (b *budget) full() bool {
	return b.over() && !b.shedding.Load() || b.limit >= 0 && b.held.Load() > 2*b.limit
}

// change notes that a connection holds n bytes, and held before bytes until now. It has
// the same shard as long as it holds something.
func (b *budget) change(c *Conn, shard uint8, before, n int64) {
	s := &b.shards[shard%budgetShards]
	s.mu.Lock()
	going := s.conns[c].going
	if n == 0 {
		delete(s.conns, c)
	} else {
		if s.conns == nil {
			s.conns = make(map[*Conn]holder)
		}
		s.conns[c] = holder{n, going}
	}
	if going {
		b.going.Add(n - before)
	}
	s.mu.Unlock()
	if b.held.Add(n - before); n > before && b.over() && b.shedding.CompareAndSwap(false, true) {
		go b.shed()
	}
}

// shed closes the connections that hold most until enough room is made, of which that
// of those which are going is a part.
func (b *budget) shed() {
	for again := true; again; {
		chosen := b.choose()
		for _, c := range chosen {
			c.shed()
		}
		b.shedding.Store(false) // and who has come past the limit meanwhile found it set
		again = len(chosen) > 0 && b.over() && b.shedding.CompareAndSwap(false, true)
	}
}

// over reports whether too much is held, and not by those who are going.
func (b *budget) over() bool { return b.limit >= 0 && b.held.Load()-b.going.Load() > b.limit }

// choose returns the connections to close. They are sorted by powers of two, so that to
// choose among many takes a few looks at each and no more.
func (b *budget) choose() []*Conn {
	excess := b.held.Load() - b.going.Load() - b.limit/8*7
	if excess <= b.limit/8 {
		return nil // some have gone by themselves
	}
	var classes [64]int64 // bytes, by the number of bits of a holding
	b.each(func(_ *Conn, h *holder) bool {
		if !h.going {
			classes[bits.Len64(uint64(h.bytes))] += h.bytes
		}
		return true
	})
	var chosen []*Conn
	for class := len(classes) - 1; class > 0 && excess > 0; class-- {
		if classes[class] == 0 {
			continue
		}
		b.each(func(c *Conn, h *holder) bool {
			if !h.going && bits.Len64(uint64(h.bytes)) >= class {
				h.going = true
				b.going.Add(h.bytes)
				excess -= h.bytes
				chosen = append(chosen, c)
			}
			return excess > 0
		})
	}
	return chosen
}

// each calls f for all connections that hold something, until it returns false, and
// keeps what f makes of them.
func (b *budget) each(f func(*Conn, *holder) bool) {
	for i := range b.shards {
		if !b.shards[i].each(f) {
			return
		}
	}
}

func (s *budgetShard) each(f func(*Conn, *holder) bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c, h := range s.conns {
		more := f(c, &h)
		s.conns[c] = h
		if !more {
			return false
		}
	}
	return true
}
