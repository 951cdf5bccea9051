package store

import (
	"container/list"
	"context"
	"sync"
)

// waiters are goroutines waiting in line for something to change, first come, first woken. The mutex
// that guards what they wait for guards this too. Being woken is a hint: look again.
type waiters struct {
	line list.List // of chan struct{}, closed to wake
}

// wait parks the caller until it is woken or ctx ends. mu is held before and after, not meanwhile.
func (w *waiters) wait(ctx context.Context, mu *sync.Mutex) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	woken := make(chan struct{})
	place := w.line.PushBack(woken)
	mu.Unlock()
	select {
	case <-woken:
		mu.Lock()
		return nil
	case <-ctx.Done():
	}
	mu.Lock()
	select {
	case <-woken:
		w.wake(1) // what we were woken for is somebody else's now
	default:
		w.line.Remove(place)
	}
	return ctx.Err()
}

// wake wakes up to n goroutines.
func (w *waiters) wake(n int) {
	for ; n > 0 && w.line.Len() > 0; n-- {
		close(w.line.Remove(w.line.Front()).(chan struct{}))
	}
}

// wakeAll wakes every goroutine in line.
func (w *waiters) wakeAll() { w.wake(w.line.Len()) }
