package load

import (
	"context"
	"errors"
	"sync"
)

// crew is goroutines of which the first to fail ends all: its context's cause is
// then that error.
type crew struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	wg     sync.WaitGroup
	still  func() bool // takes wake back
}

// errDone ends the context of a crew that is done.
var errDone = errors.New("load: done")

// newCrew makes a crew. wake is called when the context ends before they are done:
// it has to end what they wait for.
func newCrew(ctx context.Context, wake func()) *crew {
	c := new(crew)
	c.ctx, c.cancel = context.WithCancelCause(ctx)
	c.still = context.AfterFunc(c.ctx, wake)
	return c
}

// run starts a goroutine.
func (c *crew) run(f func() error) {
	c.wg.Go(func() {
		if err := f(); err != nil {
			c.cancel(err)
		}
	})
}

// wait waits for all of them, ends the context, and returns the first error, or
// that of the context above.
func (c *crew) wait() error {
	c.wg.Wait()
	err := context.Cause(c.ctx)
	c.still()
	c.cancel(errDone)
	return err
}
