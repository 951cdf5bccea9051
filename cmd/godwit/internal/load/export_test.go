package load

import "time"

// For the tests: what runs are made of.

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
