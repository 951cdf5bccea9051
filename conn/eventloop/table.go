//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package eventloop

// table holds a loop's sockets by index. It grows in pieces, so that many
// connections are never moved for one more. Index 0 is nobody's.
type table struct {
	pieces []*[pieceSize]place
	size   uint32   // indices given out so far, with 0
	free   []uint32 // indices given back
	live   int      // sockets in the table
}

// place is one index. Its age says how often it was given back: an event that was
// meant for an earlier socket finds another age.
type place struct {
	socket *socket
	age    uint32
}

const pieceSize = 512

func (t *table) at(index uint32) *place { return &t.pieces[index/pieceSize][index%pieceSize] }

// socket returns the socket with an index that was given out.
func (t *table) socket(index uint32) *socket { return t.at(index).socket }

// find returns the socket with an index, if it is of that age still.
func (t *table) find(index, age uint32) *socket {
	if p := t.at(index); p.age == age {
		return p.socket
	}
	return nil
}

// add gives s an index and returns its age.
func (t *table) add(s *socket) (age uint32) {
	if n := len(t.free); n > 0 {
		s.index, t.free = t.free[n-1], t.free[:n-1]
	} else {
		t.size = max(t.size, 1)
		if t.size/pieceSize == uint32(len(t.pieces)) {
			t.pieces = append(t.pieces, new([pieceSize]place))
		}
		s.index = t.size
		t.size++
	}
	p := t.at(s.index)
	p.socket = s
	t.live++
	return p.age
}

// remove takes the index of s back.
func (t *table) remove(s *socket) {
	p := t.at(s.index)
	p.socket = nil
	p.age++
	t.free = append(t.free, s.index)
	s.index = 0
	t.live--
}

// all returns the sockets.
func (t *table) all() []*socket {
	all := make([]*socket, 0, t.live)
	for _, piece := range t.pieces {
		for _, p := range piece {
			if p.socket != nil {
				all = append(all, p.socket)
			}
		}
	}
	return all
}
