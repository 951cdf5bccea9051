package store

import "errors"

// What Append says of a message it will never take. Nothing was stored.
var (
	// ErrNotObject says that a message isn't one JSON object in UTF-8.
	ErrNotObject = errors.New("store: message is not a JSON object in UTF-8")
	// ErrTooDeep says that a message nests deeper than MaxDepth.
	ErrTooDeep = errors.New("store: message nested too deeply")
	// ErrTooLarge says that a message is longer than Config.MaxMessageSize or than the whole store, or
	// holds a number longer than MaxNumber.
	ErrTooLarge = errors.New("store: message too large")
)

// What Append and the takers say of the store's state.
var (
	// ErrFull says that a limit of Config is reached, or the disk is full. Nothing was stored and
	// nothing was lost; trying again later may succeed.
	ErrFull = errors.New("store: full")
	// ErrEmpty says that TryNext found no message waiting.
	ErrEmpty = errors.New("store: empty")
	// ErrNotTaken says that Ack was given a delivery that isn't lent out: acknowledged or returned
	// before, or of another store.
	ErrNotTaken = errors.New("store: message is not lent out to this taker")
	// ErrClosed says that the store was closed.
	ErrClosed = errors.New("store: closed")
	// ErrPoisoned says that the file failed in a way that leaves its state unknown. Everything else
	// fails with this error too, until the store is closed and opened again. A message whose Append
	// fails with it may or may not be found there then.
	ErrPoisoned = errors.New("store: file failed, store must be reopened")
)

// ErrLocked says that another process, or another Disk of this one, has the file open.
var ErrLocked = errors.New("store: file is in use by another store")
