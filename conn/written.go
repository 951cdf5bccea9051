package conn

import "context"

// WaitWritten waits until all that was sent before has been handed to the
// connection below: for TCP, to the kernel. A send returns earlier where it finds
// a write in progress. It returns ctx's error if that ends first, and otherwise
// why nothing can be written any more; it writes nothing itself, and leaves to
// its time what a cork holds back. For what was posted behind the message of a
// MessageWriter it doesn't wait.
func (c *Conn) WaitWritten(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	queued := c.queue.pushed
	if err := c.awaitWrites(ctx, func() bool { return c.queue.passed(queued) }); err != nil {
		return err
	}
	if c.out == nil && !c.flushing {
		return c.brokenWrite()
	}
	target := c.writes + 1
	return c.awaitWrites(ctx, func() bool { return int32(c.writes-target) >= 0 })
}

// awaitWrites waits until done reports true. mu is held, and given up meanwhile.
func (c *Conn) awaitWrites(ctx context.Context, done func() bool) error {
	for !done() {
		if err := c.brokenWrite(); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return writeError(err)
		}
		c.await(ctx, never)
	}
	return c.brokenWrite()
}
