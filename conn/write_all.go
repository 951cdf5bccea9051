package conn

import (
	"context"
	"errors"

	"github.com/godwit-ws/godwit/conn/protocol"
)

// WriteAll sends messages one behind the other, with no other in between, in one
// write where Write would take one for each. Together they count as one message
// for Config.MaxQueued, so a caller with many gives them in portions.
//
// Its errors are those of Write, for all messages together. taken is false if no
// byte of them has left or ever will: they may be sent another way. No messages at
// all is no error.
func (c *Conn) WriteAll(ctx context.Context, op Opcode, messages [][]byte) (taken bool, err error) {
	size := 0
	for _, p := range messages {
		if err := protocol.CheckMessage(op, p); err != nil {
			return false, err
		}
		size += len(p)
	}
	if len(messages) == 0 {
		return false, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.admit(ctx, size); err != nil {
		return false, err
	}
	if c.flushing {
		for _, p := range messages {
			c.own().queue.pushMessage(&c.send, op, p)
		}
		return true, nil
	}
	lone := c.out == nil
	for _, p := range messages {
		out := c.output(c.send.Room(len(p)))
		out.B = c.send.AppendMessage(out.B, op, p)
		lone = lone && !c.send.Compresses(len(p))
	}
	err = c.push(ctx, lone)
	return err == nil || !notBegun(err), err
}

// notBegun reports whether an error of push says that its message was taken back.
func notBegun(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
