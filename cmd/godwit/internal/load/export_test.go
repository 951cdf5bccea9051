package load

import (
	"context"
	"time"
)

// For the tests: what runs are made of.

// RunWith is runWith.
func RunWith(ctx context.Context, cfg Config, drain time.Duration) (*Result, error) {
	return runWith(ctx, cfg, drain)
}

// Content is makeContent.
func Content(kind string, n int, seed uint64) []byte { return makeContent(kind, n, seed) }

// Contents is contents.
func Contents() []string { return contents() }

// Deck is a deck of messages.
type Deck = deck

// NewDeck is newDeck.
func NewDeck(kind string, size, span int, compress bool) *Deck {
	return newDeck(kind, size, span, compress)
}

// Frames is frames.
func (d *Deck) Frames(first, n int) []byte { return d.frames(first, n) }

// Message is message.
func (d *Deck) Message(i int) []byte { return d.message(i) }

// Len is the number of different messages.
func (d *Deck) Len() int { return len(d.plain) }

// Receiver takes a server's bytes.
type Receiver = receiver

// NewReceiver makes a receiver for a server of a deck; pong is given what pings hold.
func NewReceiver(d *Deck, verbatim bool, pong func([]byte) error) *Receiver {
	return &receiver{deck: d, verbatim: verbatim, pong: pong}
}

// Take is take.
func (r *Receiver) Take(p []byte) (int, error) { return r.take(p) }

// Schedule returns when the messages of connection i of n are due.
func Schedule(rate float64, i, n int, end time.Duration) (due []time.Duration) {
	s := newSchedule(rate, i, n, end)
	for k := range s.count {
		due = append(due, s.due(k))
	}
	return due
}

// Pace runs the pacer, and returns by how much the earliest wake-up was late, and how
// often each connection was woken.
func Pace(ctx context.Context, rate float64, n int, end time.Duration) (least time.Duration, woken []int) {
	c := clock{base: time.Now(), end: end}
	schedules := make([]schedule, n)
	wake := make([]chan struct{}, n)
	for i := range n {
		schedules[i], wake[i] = newSchedule(rate, i, n, end), make(chan struct{}, 1)
	}
	least, woken = time.Hour, make([]int, n)
	done := make(chan struct{})
	go func() {
		defer close(done)
		pace(ctx, &c, schedules, wake)
	}()
	for {
		for i := range n {
			select {
			case <-wake[i]:
				// whichever message it was for, one must be due that no wake-up came for
				least = min(least, c.now()-schedules[i].due(woken[i]))
				woken[i]++
			case <-done:
				return least, woken
			default:
			}
		}
	}
}
