//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package eventloop

// table holds a loop's sockets by index. It grows in pieces, so that many
// connections are never moved for one more. Index 0 is nobody's.
type table struct {
	pieces []*[pieceSize]*socket
	size   uint32   // indices given out so far, with 0
	free   []uint32 // indices given back
	live   int      // sockets in the table
	ages   uint32   // counts those that were ever in it
}

const pieceSize = 512

func (t *table) at(index uint32) **socket { return &t.pieces[index/pieceSize][index%pieceSize] }

// socket returns the socket with an index that was given out.
func (t *table) socket(index uint32) *socket { return *t.at(index) }

// find returns the socket with an index, if it is of that age: an event that was
// meant for an earlier one finds another.
func (t *table) find(index, age uint32) *socket {
	if s := t.socket(index); s != nil && s.age == age {
		return s
	}
	return nil
}

// add gives s an index and an age.
func (t *table) add(s *socket) {
	if n := len(t.free); n > 0 {
		s.index, t.free = t.free[n-1], t.free[:n-1]
	} else {
		t.size = max(t.size, 1)
		if t.size/pieceSize == uint32(len(t.pieces)) {
			t.pieces = append(t.pieces, new([pieceSize]*socket))
		}
		s.index = t.size
		t.size++
	}
	t.ages++
	s.age = t.ages
	*t.at(s.index) = s
	t.live++
}

// remove takes the index of s back.
func (t *table) remove(s *socket) {
	*t.at(s.index) = nil
	t.free = append(t.free, s.index)
	s.index = 0
	t.live--
}

// all returns the sockets.
func (t *table) all() []*socket {
	all := make([]*socket, 0, t.live)
	for _, piece := range t.pieces {
		for _, s := range piece {
			if s != nil {
				all = append(all, s)
			}
		}
	}
	return all
}
