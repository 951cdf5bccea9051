//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package eventloop

import "math/bits"

// wheel is a timing wheel: it says which sockets are due, to the tick, and holds
// nothing of its own for each. Two rings of slots cover near and far times; what
// is due even later is looked at when its slot comes, and put away again.
//
// Sockets are linked by their index in the loop's table, where 0 is none. Ticks wrap
// around: one is before another if it is less than half the range away.
type wheel struct {
	now   uint32 // the last tick that was dealt with
	rings [2]ring
}

// ring is one turn of slots. Bits say which are in use.
type ring struct {
	slots [slots]uint32
	used  [slots / 64]uint64
}

const (
	slots     = 256
	slotsBits = 8
)

// spoke is a socket's place in the wheel.
type spoke struct {
	next, prev uint32
	due        uint32 // tick; 0 if it is in no slot
	slot       uint16 // ring and slot
}

// set puts the socket with index at where it comes up at tick due, or keeps it where it comes
// up earlier. It reports whether it was moved.
func (w *wheel) set(t *table, at, due uint32) bool {
	s := &t.socket(at).spoke
	if !after(due, w.now) {
		due = w.now + 1
	}
	if due == 0 {
		due = 1 // 0 is for those in no slot
	}
	if s.due != 0 {
		if !after(s.due, due) {
			return false
		}
		w.remove(t, at)
	}
	s.due = due
	s.slot = w.place(due)
	head := w.head(s.slot)
	s.prev, s.next = 0, *head
	if *head != 0 {
		t.socket(*head).spoke.prev = at
	}
	*head = at
	w.rings[s.slot>>slotsBits].used[s.slot%slots/64] |= 1 << (s.slot % 64)
	return true
}

// after reports whether tick a comes after tick b.
func after(a, b uint32) bool { return int32(a-b) > 0 }

// place returns the slot for a tick that is to come: in the near ring, or in the
// far one, whose slots come up when their first tick does.
func (w *wheel) place(due uint32) uint16 {
	if due-w.now < slots {
		return uint16(due % slots)
	}
	const mask = 1<<(32-slotsBits) - 1
	turns := min((due>>slotsBits-w.now>>slotsBits)&mask, slots-1)
	return slots + uint16((w.now>>slotsBits+turns)%slots)
}

func (w *wheel) head(slot uint16) *uint32 { return &w.rings[slot>>slotsBits].slots[slot%slots] }

// remove takes the socket with index at out of the wheel, if it is in it.
func (w *wheel) remove(t *table, at uint32) {
	s := &t.socket(at).spoke
	if s.due == 0 {
		return
	}
	head := w.head(s.slot)
	if s.prev == 0 {
		*head = s.next
	} else {
		t.socket(s.prev).spoke.next = s.next
	}
	if s.next != 0 {
		t.socket(s.next).spoke.prev = s.prev
	}
	if *head == 0 {
		w.rings[s.slot>>slotsBits].used[s.slot%slots/64] &^= 1 << (s.slot % 64)
	}
	*s = spoke{}
}

// next returns the tick at which the wheel is to be looked at next; false if there
// is nothing in it.
func (w *wheel) next() (uint32, bool) {
	near, isNear := w.rings[0].after(w.now)
	far, isFar := w.rings[1].after(w.now >> slotsBits)
	far <<= slotsBits
	switch {
	case !isFar:
		return near, isNear
	case !isNear:
		return far, true
	}
	if after(near, far) {
		return far, true
	}
	return near, true
}

// after returns the first position past at whose slot is in use, within one turn.
func (r *ring) after(at uint32) (uint32, bool) {
	for d := uint32(1); d <= slots; {
		pos := at + d
		word := r.used[pos%slots/64] >> (pos % 64)
		if word != 0 {
			found := pos + uint32(bits.TrailingZeros64(word))
			return found, found-at <= slots
		}
		d += 64 - pos%64
	}
	return 0, false
}

// advance moves on to tick now and appends to due the sockets whose time has come,
// which are no longer in the wheel.
func (w *wheel) advance(t *table, now uint32, due []*socket) []*socket {
	for {
		at, ok := w.next()
		if !ok || after(at, now) {
			if after(now, w.now) {
				w.now = now
			}
			return due
		}
		w.now = at
		if at%slots == 0 {
			due = w.empty(t, slots+uint16(at>>slotsBits%slots), due)
		}
		due = w.empty(t, uint16(at%slots), due)
	}
}

// empty takes all sockets out of a slot whose tick has come: those that are due go
// to due, the others to where they belong now.
func (w *wheel) empty(t *table, slot uint16, due []*socket) []*socket {
	head := w.head(slot)
	for *head != 0 {
		at := *head
		when := t.socket(at).due
		w.remove(t, at)
		if !after(when, w.now) {
			due = append(due, t.socket(at))
		} else {
			w.set(t, at, when)
		}
	}
	return due
}
