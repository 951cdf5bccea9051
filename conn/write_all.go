package conn

import (
	"context"

	"github.com/godwit-ws/godwit/conn/protocol"
)

// WriteAll sends messages one behind the other, with no other in between, in one
// write where Write would take one for each. Together they count as one message
// for Config.MaxQueued, so a caller with many gives them in portions.
//
// Its errors are those of Write, for all messages together: what Write says of
// its message then holds for each of them, and ErrOpcode and ErrNotUTF8 mean that
// nothing was sent. No messages at all is no error.
func (c *Conn) WriteAll(ctx context.Context, op Opcode, messages [][]byte) error {
	size := 0
	for _, p := range messages {
		if err := protocol.CheckMessage(op, p); err != nil {
			return err
		}
		size += len(p)
	}
	if len(messages) == 0 {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.admit(ctx, size); err != nil {
		return err
	}
	if c.flushing {
		for _, p := range messages {
			c.queue.pushMessage(&c.send, op, p)
		}
		return nil
	}
	lone := c.out == nil
	for _, p := range messages {
		out := c.output(c.send.Room(len(p)))
		out.B = c.send.AppendMessage(out.B, op, p)
		lone = lone && !c.send.Compresses(len(p))
	}
	return c.push(ctx, lone)
}
