package conn

import (
	"context"
	"iter"

	"github.com/godwit-ws/godwit/conn/internal/bufpool"
	"github.com/godwit-ws/godwit/conn/protocol"
)

// Message is a message with its type.
type Message struct {
	Opcode Opcode // Text or Binary
	Data   []byte // valid until the next message is asked for
}

// Messages returns an iterator over the messages, for use with range. It ends
// after the first error, which it yields, but yields none after a normal end
// (CodeNormal or CodeGoingAway from the peer, or our own Close). The bytes of a
// message are valid until the next one is asked for: their memory is lent, so that
// a connection that waits for a message holds none.
func (c *Conn) Messages(ctx context.Context) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		for {
			op, lent, err := c.readLent(ctx)
			switch {
			case err != nil && normal(err):
				return
			case err != nil:
				yield(Message{}, err)
				return
			}
			if !yield(Message{Opcode: op, Data: lent.B}, nil) {
				return // and nobody asks for another one: the last one's bytes are the caller's
			}
			bufpool.Put(lent)
		}
	}
}

// readLent is Read into memory of the pool.
func (c *Conn) readLent(ctx context.Context) (Opcode, *bufpool.Buffer, error) {
	if err := c.lockRead(ctx); err != nil {
		return 0, nil, err
	}
	defer c.unlockRead()
	if err := c.skipStream(ctx); err != nil {
		return 0, nil, err
	}
	c.recv.SetMode(protocol.Whole)
	ev, err := c.nextData(ctx)
	if err != nil {
		return 0, nil, err
	}
	lent := bufpool.Get(len(ev.Payload))
	lent.B = append(lent.B, ev.Payload...)
	return ev.Opcode, lent, nil
}
