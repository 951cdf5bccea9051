package deflate

import (
	"errors"
	"fmt"
)

// What a caller branches on: the first ends a connection with code 1009, the second with 1007.
var (
	// ErrTooBig is returned when a message inflates to more bytes than the caller allows.
	ErrTooBig = errors.New("deflate: message too big")
	// ErrCorrupt is wrapped by every error about input that is not DEFLATE (RFC 1951), ends early, or
	// reaches back past the agreed window.
	ErrCorrupt = errors.New("deflate: corrupt input")
)

// The ways to be corrupt, for the log.
var (
	errTruncated    = fmt.Errorf("%w: ends inside a block", ErrCorrupt)
	errBlockType    = fmt.Errorf("%w: reserved block type", ErrCorrupt)
	errStoredLength = fmt.Errorf("%w: stored length and its complement differ", ErrCorrupt)
	errCode         = fmt.Errorf("%w: bits that no code stands for", ErrCorrupt)
	errCodeLengths  = fmt.Errorf("%w: code lengths that make no prefix code", ErrCorrupt)
	errDistance     = fmt.Errorf("%w: distance past the window", ErrCorrupt)
)
