package app

import "time"

// Retention is how much of a topic's messages is kept for members that come back
// (Join.After). The zero value keeps nothing. If any field is set, history is kept
// within all three; 0 then means the default and a negative number no limit.
type Retention struct {
	// MaxMessages is how many messages are kept. 0 means 1000.
	MaxMessages int
	// MaxAge is how long a message is kept. 0 means no limit.
	MaxAge time.Duration
	// MaxBytes is how many bytes of payload are kept. 0 means 1 MiB. A Broker over
	// several nodes may apply it to many topics together, and says so.
	MaxBytes int64
}

const (
	defaultRetainMessages = 1000
	defaultRetainBytes    = 1 << 20
)

// Keeps reports whether there is to be any history.
func (r Retention) Keeps() bool { return r != Retention{} }

// WithDefaults returns r with the defaults in place of zeros, if it keeps anything.
func (r Retention) WithDefaults() Retention {
	if !r.Keeps() {
		return r
	}
	if r.MaxMessages == 0 {
		r.MaxMessages = defaultRetainMessages
	}
	if r.MaxBytes == 0 {
		r.MaxBytes = defaultRetainBytes
	}
	return r
}
