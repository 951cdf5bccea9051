package store

import (
	"context"
	"iter"
)

// Store is a FIFO of messages. Memory and Disk are the two kinds; all methods may be called from any
// goroutine at any time. After Close every method but Close, Len, Stats and Return fails with ErrClosed.
type Store interface {
	// Append stores a message behind all others: one JSON object in UTF-8, kept without the white
	// space between its tokens. It keeps no reference to message.
	//
	// A message that can't be stored gives ErrNotObject, ErrTooDeep or ErrTooLarge; no room gives
	// ErrFull, or waits for room if Config.WhenFull says so, as long as ctx lasts. That wait is all ctx
	// bounds: once there is room, Append returns when the message is as safe as Config.Sync asks.
	Append(ctx context.Context, message []byte) error

	// AppendAll stores messages one behind the other, in one write and with one sync. All are stored or
	// none, unless the process or the machine dies meanwhile: then the first few may be. Errors are
	// those of Append. No messages at all is no error.
	AppendAll(ctx context.Context, messages [][]byte) error

	// Next lends out the oldest message waiting, and waits for one as long as ctx lasts; then its
	// error is ctx.Err(). Who waits longest is woken first.
	Next(ctx context.Context) (Delivery, error)

	// TryNext is Next without the wait: if no message is waiting it returns ErrEmpty.
	TryNext() (Delivery, error)

	// Ack removes a message that was lent out. ErrNotTaken says that d isn't lent out any more.
	Ack(d Delivery) error

	// Return gives a message back to its old place, to be lent out again. If d isn't lent out any more,
	// it does nothing.
	Return(d Delivery)

	// All iterates over the messages stored, lent out or not, oldest first, without taking any.
	// Messages that are appended or acknowledged meanwhile may or may not be seen. An error ends it.
	All() iter.Seq2[Message, error]

	// Len returns how many messages wait to be taken.
	Len() int

	// Stats returns the store's figures at this moment.
	Stats() Stats

	// Close ends the store. Whoever waits in Append or Next gets ErrClosed. Messages lent out can't be
	// acknowledged any more. A second Close returns nil.
	Close() error
}

// Message is one stored message.
type Message struct {
	// Seq rises from message to message, with gaps. A Disk never gives a number twice, so that a
	// consumer can recognise a message that is delivered again after a crash.
	Seq uint64
	// Payload is the JSON object without white space between its tokens. It stays valid for ever and
	// must not be changed before the message is acknowledged.
	Payload []byte
}

// Delivery is a message lent out to one taker, until Ack or Return. The zero value is lent out by nobody.
type Delivery struct {
	Message

	ticket ticket
}

// ticket says which loan of which place in the queue a Delivery is. The zero ticket is never given.
type ticket struct {
	id   uint64 // place in the queue
	loan uint32 // how often that place was lent out, this time included
}

// Stats are a store's figures.
type Stats struct {
	Waiting int    // messages to be taken
	Taken   int    // messages lent out
	Bytes   int64  // payload bytes of both, and of messages not yet safe enough to be taken
	Dropped uint64 // messages removed by DropOldest since the store was made or opened

	FileSize int64 // Disk: bytes of the file
	Blank    int64 // Disk: bytes of it that acknowledged messages have left behind
}
