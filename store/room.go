package store

import (
	"context"
	"fmt"
	"sync"
)

// room keeps the books of how much a store holds. The store's mutex guards it.
type room struct {
	maxMessages int
	maxBytes    int64
	whenFull    WhenFull

	messages int
	bytes    int64
	dropped  uint64
	waiters  waiters // producers, with the policy Wait
}

func newRoom(c Config) room {
	return room{maxMessages: c.MaxMessages, maxBytes: c.MaxBytes, whenFull: c.WhenFull}
}

// tenant is the store a room belongs to.
type tenant interface {
	// state returns why the store doesn't work any more, nil if it does.
	state() error
	// drop removes the oldest message waiting, ErrFull if none is.
	drop() error
}

// reserve books n messages of size bytes in all, as the policy for full stores allows. mu is held
// before and after; it is free while reserve waits.
func (r *room) reserve(ctx context.Context, mu *sync.Mutex, t tenant, n int, size int64) error {
	if n > r.maxMessages || size > r.maxBytes {
		return fmt.Errorf("%w: %d bytes in %d messages don't fit into the empty store", ErrTooLarge, size, n)
	}
	for {
		if err := t.state(); err != nil {
			return err
		}
		if r.fits(n, size) {
			break
		}
		if err := r.makeRoom(ctx, mu, t); err != nil {
			return err
		}
	}
	r.messages += n
	r.bytes += size
	if r.fits(1, 1) {
		r.waiters.wake(1) // whoever is next in line may fit as well
	}
	return nil
}

func (r *room) fits(n int, size int64) bool {
	return n <= r.maxMessages-r.messages && size <= r.maxBytes-r.bytes
}

func (r *room) makeRoom(ctx context.Context, mu *sync.Mutex, t tenant) error {
	switch r.whenFull {
	case DropOldest:
		if err := t.drop(); err != nil {
			return err
		}
		r.dropped++
		return nil
	case Wait:
		return r.waiters.wait(ctx, mu)
	}
	return fmt.Errorf("%w: %d messages, %d bytes", ErrFull, r.messages, r.bytes)
}

// release gives back what n messages of size bytes in all had booked.
func (r *room) release(n int, size int64) {
	r.messages -= n
	r.bytes -= size
	r.waiters.wake(1)
}
