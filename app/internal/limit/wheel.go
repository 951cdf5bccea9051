package limit

import "time"

// slots is in how many lists the buckets that aren't full stand.
const slots = 256

// Lists are circular, with a bucket of nobody's as their head. These heads are the first buckets.
const (
	fullHead   = slots     // the list of buckets that are full
	freeHead   = slots + 1 // the list of those that nobody has
	firstOwned = slots + 2
)

// wheel holds buckets in lists by the time at which they are full: list s % slots has those
// with s = full / slot, for s from first, the present, to less than first + slots.
type wheel struct {
	slot    time.Duration // how long a list is
	first   time.Duration // the list of the present, not taken modulo slots
	buckets []bucket
}

// bucket is a client's, or the head of a list.
type bucket struct {
	who        client
	full       time.Duration // when it is full again
	next, prev int32
}

// init makes the lists long enough for buckets that fill within burst.
func (w *wheel) init(burst time.Duration) {
	w.slot = burst/(slots-2) + 1 // the present and the last list may both be begun
	w.buckets = make([]bucket, firstOwned)
	for i := range w.buckets {
		w.buckets[i].next, w.buckets[i].prev = int32(i), int32(i)
	}
}

// advance moves the lists that now has passed to the full ones. Each is moved as a whole.
func (w *wheel) advance(now time.Duration) {
	present := now / w.slot
	for range slots {
		if w.first >= present {
			return
		}
		w.splice(int32(w.first % slots))
		w.first++
	}
	w.first = present // all lists have been moved
}

// splice moves what is in the list of head to the full ones.
func (w *wheel) splice(head int32) {
	h, to := &w.buckets[head], &w.buckets[fullHead]
	if h.next == head {
		return
	}
	w.buckets[h.next].prev, w.buckets[to.prev].next = to.prev, h.next
	w.buckets[h.prev].next, to.prev = fullHead, h.prev
	h.next, h.prev = head, head
}

// anyFull returns a bucket that is full, if there is one.
func (w *wheel) anyFull() (i int32, ok bool) {
	i = w.buckets[fullHead].next
	return i, i != fullHead
}

// fullest returns a bucket of the first list that has any, and the time at which all in it are full.
// There must be one.
func (w *wheel) fullest() (i int32, full time.Duration) {
	for s := w.first; s < w.first+slots; s++ {
		head := int32(s % slots)
		if i = w.buckets[head].next; i != head {
			return i, (s + 1) * w.slot
		}
	}
	panic("limit: all lists are empty")
}

// place moves a bucket to where it belongs, being full at a time that isn't past and within the burst.
func (w *wheel) place(i int32, full time.Duration) {
	w.buckets[i].full = full
	w.move(i, int32(full/w.slot%slots))
}

// take returns a bucket for a client, in no list that matters until it is placed.
func (w *wheel) take(who client) int32 {
	i := w.buckets[freeHead].next
	if i == freeHead {
		i = int32(len(w.buckets))
		w.buckets = append(w.buckets, bucket{next: i, prev: i})
	}
	w.buckets[i].who = who
	return i
}

// release leaves a bucket to the next who takes one.
func (w *wheel) release(i int32) { w.move(i, freeHead) }

// move takes a bucket out of its list and puts it first in that of head.
func (w *wheel) move(i, head int32) {
	b := &w.buckets[i]
	w.buckets[b.prev].next, w.buckets[b.next].prev = b.next, b.prev
	h := &w.buckets[head]
	b.prev, b.next = head, h.next
	w.buckets[h.next].prev, h.next = i, i
}
