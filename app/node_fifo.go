package app

import "slices"

// nodeFIFO is a queue of messages in flight. Its zero value is empty.
type nodeFIFO struct {
	items []*nodeOutgoing
	head  int // items before it are gone
}

func (q *nodeFIFO) len() int { return len(q.items) - q.head }

func (q *nodeFIFO) push(o *nodeOutgoing) {
	if len(q.items) == cap(q.items) && q.head > len(q.items)/2 {
		n := copy(q.items, q.items[q.head:])
		clear(q.items[n:])
		q.items, q.head = q.items[:n], 0
	}
	q.items = append(q.items, o)
}

// oldest returns the first item, nil if there is none.
func (q *nodeFIFO) oldest() *nodeOutgoing {
	if q.len() == 0 {
		return nil
	}
	return q.items[q.head]
}

// pop removes the first item and returns it, nil if there is none.
func (q *nodeFIFO) pop() *nodeOutgoing {
	o := q.oldest()
	if o == nil {
		return nil
	}
	q.items[q.head] = nil
	q.head++
	if q.len() == 0 {
		q.items, q.head = q.items[:0], 0
	}
	return o
}

// popLast removes the last n items, or as many as there are, and returns them.
func (q *nodeFIFO) popLast(n int) []*nodeOutgoing {
	n = min(n, q.len())
	keep := len(q.items) - n
	last := slices.Clone(q.items[keep:])
	clear(q.items[keep:])
	q.items = q.items[:keep]
	return last
}
