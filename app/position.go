package app

import (
	"fmt"
	"strconv"
	"strings"
)

// Position is a place in a topic's history: behind the message that has it. Seq rises
// from message to message, not always by one. Positions of different epochs have
// nothing to do with each other: the history was lost in between, or began anew. The
// zero Position stands for none.
//
// Its text, the resume token that clients keep, is epoch, a hyphen, and Seq in
// decimal.
type Position struct {
	Epoch string // of the history's life: 1 to MaxEpoch bytes of letters, digits and underscores
	Seq   uint64 // of the message, 0 for before the first
}

// MaxEpoch is the longest Position.Epoch, in bytes.
const MaxEpoch = 32

// IsZero reports whether p is no position.
func (p Position) IsZero() bool { return p == Position{} }

// String returns the position as a token, or "" for none.
func (p Position) String() string {
	if p.IsZero() {
		return ""
	}
	return p.Epoch + "-" + strconv.FormatUint(p.Seq, 10)
}

// ParsePosition is the inverse of String. The error wraps ErrPosition.
func ParsePosition(token string) (Position, error) {
	if token == "" {
		return Position{}, nil
	}
	epoch, digits, _ := strings.Cut(token, "-")
	seq, err := strconv.ParseUint(digits, 10, 64)
	p := Position{epoch, seq}
	if err != nil || !validEpoch(epoch) || p.String() != token {
		return Position{}, fmt.Errorf("%w: %.64q", ErrPosition, token)
	}
	return p, nil
}

func validEpoch(epoch string) bool {
	for _, c := range []byte(epoch) {
		if c != '_' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return epoch != "" && len(epoch) <= MaxEpoch
}

// MarshalText implements encoding.TextMarshaler, with String.
func (p Position) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler, with ParsePosition.
func (p *Position) UnmarshalText(text []byte) (err error) {
	*p, err = ParsePosition(string(text))
	return err
}
