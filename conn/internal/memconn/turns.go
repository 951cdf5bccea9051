package memconn

// turns lets the writers of a stream go one after the other, in the order in which they came. A lock
// alone would not do: it can't be held while waiting for room, and a plain flag goes to whoever is
// running when it falls, so that one busy writer keeps out all who wait. The zero value is ready to use.
type turns struct {
	now     uint64              // whose turn it is
	next    uint64              // the next turn to give out
	givenUp map[uint64]struct{} // turns after now that nobody waits for any more; nil until there is one
}

// take returns a new turn, which must be ended or, before it is now, given up.
func (t *turns) take() (turn uint64) {
	turn = t.next
	t.next++
	return turn
}

// isNow reports whether all turns before this one have ended or were given up.
func (t *turns) isNow(turn uint64) bool { return turn == t.now }

// end ends the turn that is now.
func (t *turns) end() {
	t.now++
	for len(t.givenUp) > 0 {
		if _, ok := t.givenUp[t.now]; !ok {
			return
		}
		delete(t.givenUp, t.now)
		t.now++
	}
}

// giveUp removes a turn that is not yet now.
func (t *turns) giveUp(turn uint64) {
	if t.givenUp == nil {
		t.givenUp = make(map[uint64]struct{})
	}
	t.givenUp[turn] = struct{}{}
}
