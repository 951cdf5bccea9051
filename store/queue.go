package store

// queue holds items in order, each waiting, taken or done, and gives every operation the same cost
// whatever its length. It knows nothing of locks.
//
// Items have ids that count from 0. They lie in chunks, so that nothing is copied as the queue grows and
// memory goes back as it shrinks:
//
//	head                 next                 end
//	│ taken, done, or    │ waiting, never     │
//	│ given back         │ taken              │
//
// An item at the head that is done is taken off with pop; done items behind others stay until then.
type queue[T any] struct {
	chunks          []*chunk[T] // chunks[0] holds head
	head, next, end uint64
	returned        idHeap // ids below next that wait again
	taken           int

	spare *chunk[T] // the chunk emptied last: a queue that breathes in and out allocates nothing
}

const chunkSize = 256

type chunk[T any] [chunkSize]slot[T]

type slot[T any] struct {
	item  T
	loans uint32
	state slotState
}

type slotState uint8

const (
	slotWaiting slotState = iota
	slotTaken
	slotDone
)

func (q *queue[T]) at(id uint64) *slot[T] {
	return &q.chunks[id/chunkSize-q.head/chunkSize][id%chunkSize]
}

// waiting is how many items take can return.
func (q *queue[T]) waiting() int { return int(q.end-q.next) + len(q.returned) }

// push puts item behind all others, waiting.
func (q *queue[T]) push(item T) {
	if q.end%chunkSize == 0 {
		if q.spare == nil {
			q.spare = new(chunk[T])
		}
		q.chunks, q.spare = append(q.chunks, q.spare), nil
	}
	q.at(q.end).item = item
	q.end++
}

// take lends out the oldest item that waits.
func (q *queue[T]) take() (item T, t ticket, ok bool) {
	var id uint64
	switch {
	case len(q.returned) > 0:
		id = q.returned.pop() // older than anything never taken
	case q.next < q.end:
		id = q.next
		q.next++
	default:
		return item, ticket{}, false
	}
	s := q.at(id)
	s.state = slotTaken
	s.loans++
	q.taken++
	return s.item, ticket{id, s.loans}, true
}

// loan returns the slot that t was given for, nil if it isn't lent out under that ticket any more.
func (q *queue[T]) loan(t ticket) *slot[T] {
	if t.id < q.head || t.id >= q.next {
		return nil
	}
	if s := q.at(t.id); s.state == slotTaken && s.loans == t.loan {
		return s
	}
	return nil
}

// giveBack makes a lent item wait again in its old place.
func (q *queue[T]) giveBack(t ticket) (ok bool) {
	s := q.loan(t)
	if s == nil {
		return false
	}
	s.state = slotWaiting
	q.taken--
	q.returned.push(t.id)
	return true
}

// done marks a lent item as dealt with. The slot is the caller's to read and to clear.
func (q *queue[T]) done(t ticket) *slot[T] {
	s := q.loan(t)
	if s == nil {
		return nil
	}
	s.state = slotDone
	q.taken--
	return s
}

// pop takes the item at the head off if it is done.
func (q *queue[T]) pop() (item T, ok bool) {
	if q.head == q.next {
		return item, false
	}
	s := q.at(q.head)
	if s.state != slotDone {
		return item, false
	}
	item = s.item
	*s = slot[T]{}
	q.head++
	if q.head%chunkSize == 0 {
		q.spare, q.chunks[0] = q.chunks[0], nil
		q.chunks = q.chunks[1:]
	}
	return item, true
}

// idHeap is a binary heap, the smallest id on top.
type idHeap []uint64

func (h *idHeap) push(id uint64) {
	*h = append(*h, id)
	s := *h
	for i := len(s) - 1; i > 0; {
		parent := (i - 1) / 2
		if s[parent] <= s[i] {
			return
		}
		s[parent], s[i] = s[i], s[parent]
		i = parent
	}
}

func (h *idHeap) pop() uint64 {
	s := *h
	top, last := s[0], len(s)-1
	s[0] = s[last]
	s = s[:last]
	*h = s
	for i := 0; ; {
		small := 2*i + 1
		if small >= last {
			return top
		}
		if right := small + 1; right < last && s[right] < s[small] {
			small = right
		}
		if s[i] <= s[small] {
			return top
		}
		s[i], s[small] = s[small], s[i]
		i = small
	}
}
