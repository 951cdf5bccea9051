package app

import (
	"context"
	"errors"
	"time"

	"github.com/godwit-ws/godwit/conn"
)

// SlowPolicy is what becomes of a topic's messages for a member whose peer doesn't
// read fast enough.
type SlowPolicy uint8

// The policies. What waits is held uncompressed and shared among the members; a
// message that has begun to go out is finished.
const (
	// Disconnect closes the member with 1013.
	Disconnect SlowPolicy = iota
	// DropNewest gives up the message there is no room for.
	DropNewest
	// DropOldest gives up waiting messages of topics to make room, the oldest first.
	DropOldest
	// KeepLatest replaces a waiting message that has the same key (Audience.Keyed), as
	// where only the latest price matters; where there is none it is DropOldest.
	KeepLatest
	// Block makes the publisher wait for room, for MaxWait at most, then gives the
	// message up. Other publishers to the topic wait behind. With an Engine whose hooks
	// are Inline nobody may wait, and it is DropNewest.
	Block
)

// SlowConsumer sets what a member of a topic gets who doesn't read fast enough. The
// zero value disconnects it once Limits.MaxQueued bytes or 1024 messages wait.
type SlowConsumer struct {
	// Policy is what happens then.
	Policy SlowPolicy
	// MaxBytes and MaxMessages are how much may wait for a connection before Policy
	// applies. 0 means Limits.MaxQueued, and 1024; a negative MaxMessages means no
	// limit.
	MaxBytes, MaxMessages int
	// MaxWait bounds Block. 0 means 1 s.
	MaxWait time.Duration
}

const defaultMaxWait = time.Second

func (p SlowConsumer) withDefaults() SlowConsumer {
	if p.MaxWait <= 0 {
		p.MaxWait = defaultMaxWait
	}
	return p
}

// overflows are the policies as package conn has them.
var overflows = [...]conn.Overflow{
	Disconnect: conn.OverflowClose,
	DropNewest: conn.DropNewest,
	DropOldest: conn.DropOldest,
	KeepLatest: conn.KeepLatest,
	Block:      conn.DropNewest, // where nobody may wait
}

// post sends a message to a member by a policy, and reports whether it was sent or
// queued. Others given up for it are counted.
func (c *Conn) post(m *conn.Prepared, key string, p SlowConsumer) bool {
	s := c.request.server
	totals := &s.totals
	if p.Policy == Block && (s.cfg.Engine == nil || !s.cfg.Engine.Inline()) {
		return c.postBlocking(m, p.MaxWait)
	}
	dropped, err := c.ws.Post(m, conn.Posting{
		Overflow: overflows[p.Policy], Key: key, MaxBytes: p.MaxBytes, MaxMessages: p.MaxMessages,
	})
	totals.dropped.Add(uint64(dropped))
	switch {
	case err == nil:
	case dropped > 0 && errors.Is(err, conn.ErrOverflow): // it is this message that was too much
		totals.disconnected.Add(1)
		return false
	default:
		return false
	}
	if overflows[p.Policy] == conn.DropNewest && dropped > 0 {
		return false
	}
	c.sent.count(m.Len())
	return true
}

// postBlocking sends a message and waits for room.
func (c *Conn) postBlocking(m *conn.Prepared, limit time.Duration) bool {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	err := c.ws.WritePrepared(ctx, m)
	switch {
	case err == nil, errors.Is(err, conn.ErrWriteUnfinished):
		c.sent.count(m.Len())
		return true
	case !errors.Is(err, ErrClosed):
		c.request.server.totals.dropped.Add(1)
	}
	return false
}
