package torture

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/godwit-ws/godwit/frame"
)

// bystander is a well-behaved client: it sends a message, waits for its echo, pauses and
// goes on.
type bystander struct {
	env  *environment
	stop context.CancelFunc
	done chan struct{}

	mu      sync.Mutex
	changed chan struct{} // closed and made anew with every echo and every failure
	echoes  int
	took    []time.Duration
	err     error // of the last attempt
}

// beat is the bystander's pause.
const beat = 5 * time.Millisecond

func newBystander(env *environment) *bystander {
	ctx, stop := context.WithCancel(env.ctx)
	b := &bystander{
		env:  &environment{ctx: ctx, role: client, target: env.target, o: env.o},
		stop: stop, done: make(chan struct{}), changed: make(chan struct{}),
	}
	go b.run()
	return b
}

// run lives until stop: a connection that was lost is made again.
func (b *bystander) run() {
	defer close(b.done)
	for b.env.ctx.Err() == nil {
		err := b.live()
		if b.env.ctx.Err() == nil {
			b.note(0, err)
		}
		sleep(b.env.ctx, beat)
	}
}

// live has one connection echo until it is lost.
func (b *bystander) live() error {
	nc, tcp, err := b.env.target.connect(b.env.ctx)
	if err != nil {
		return err
	}
	defer nc.Close()
	defer context.AfterFunc(b.env.ctx, func() { nc.Close() })()
	p := &peer{env: b.env, nc: nc, tcp: tcp, r: newReader(nc)}
	p.open()
	for i := 0; p.err == nil; i++ {
		start := time.Now()
		message := fmt.Sprintf("bystander %d", i)
		p.send(text(message))
		p.want(frame.Text, []byte(message))
		if p.err == nil {
			b.note(time.Since(start), nil)
			sleep(b.env.ctx, beat)
		}
	}
	return p.err
}

func (b *bystander) note(took time.Duration, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err = err; err == nil {
		b.echoes++
		b.took = append(b.took, took)
	}
	close(b.changed)
	b.changed = make(chan struct{})
}

// served waits until a message that was sent from now on has its echo.
func (b *bystander) served() error {
	timer := time.NewTimer(2 * b.env.o.Patience)
	defer timer.Stop()
	b.mu.Lock()
	target := b.echoes + 2 // the next one may have been sent before
	for b.echoes < target {
		changed, err := b.changed, b.err
		b.mu.Unlock()
		select {
		case <-changed:
		case <-timer.C:
			return fmt.Errorf("a bystander got no echo for %v: %w", 2*patience, firstError(err, errUnserved))
		case <-b.env.ctx.Done():
			return context.Cause(b.env.ctx)
		}
		b.mu.Lock()
	}
	b.mu.Unlock()
	return nil
}

// close ends the bystander and returns how long its echoes took, in order of length.
func (b *bystander) close() []time.Duration {
	b.stop()
	<-b.done
	slices.Sort(b.took)
	return b.took
}

// firstError returns err, or another where there is none.
func firstError(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

// sleep waits for d, or for the end of ctx.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// deadlineIn returns the time after d.
func deadlineIn(d time.Duration) time.Time { return time.Now().Add(d) }
