package conn

import (
	"context"

	"github.com/godwit-ws/godwit/conn/protocol"
)

// DiscardReads is for those who only write: messages are dropped from now on,
// while pings and the peer's Close are still answered, on a goroutine that ends
// with the connection. It waits for a read in progress; other reads return
// ErrTaken. It returns Context, which ends with the connection.
func (c *Conn) DiscardReads() context.Context {
	ctx := c.Context()
	if c.take(byDiscard) == nil {
		go c.discard()
	}
	return ctx
}

// discard reads until the connection has ended.
func (c *Conn) discard() {
	defer c.unlockRead()
	if c.stream != nil {
		c.stream.leave(ErrReader)
	}
	c.recv.SetMode(protocol.Discard)
	c.nextData(context.Background()) // ends with the connection; its error is in the state
}
