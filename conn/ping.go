package conn

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"github.com/godwit-ws/godwit/frame"
)

// pings are the pings under way. Each carries its number, and a pong answers all
// up to its own (RFC 6455 §5.5.3). Guarded by the Conn's mu.
type pings struct {
	sent     uint64 // number of the last one
	answered uint64
	at       time.Time // when that answer came
	waiting  int       // calls of Ping under way
	keep     uint64    // number of the last one of our own
}

// pingSize is the length of our pings' payload in bytes.
const pingSize = 8

// Ping sends a ping and waits for its pong; it returns the time between them.
// The pong is found by whoever reads: while nobody does, Ping waits. If ctx ends
// first its error is returned, and the connection stays usable.
func (c *Conn) Ping(ctx context.Context) (time.Duration, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.unwritable(); err != nil {
		return 0, err
	}
	c.keepPings()
	c.pings.waiting++
	defer func() { c.pings.waiting-- }()
	start := time.Now()
	number := c.appendPing()
	if !c.flushing {
		if err := c.flush(ctx, nil, false); err != nil && !errors.Is(err, ErrWriteUnfinished) {
			return 0, err
		}
	}
	for c.pings.answered < number {
		if c.end != nil {
			return 0, c.end
		}
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		c.await(ctx, never)
	}
	return c.pings.at.Sub(start), nil
}

// keepPings makes room for what is known of pings. mu is held.
func (c *Conn) keepPings() {
	if c.pings == nil {
		c.own().pings = new(pings)
	}
}

// appendPing adds a ping to the output and returns its number. mu is held.
func (c *Conn) appendPing() uint64 {
	c.pings.sent++
	var payload [pingSize]byte
	binary.BigEndian.PutUint64(payload[:], c.pings.sent)
	c.appendControl(frame.Ping, payload[:])
	return c.pings.sent
}

// appendControl adds a ping or pong to the output. mu is held.
func (c *Conn) appendControl(op frame.Opcode, payload []byte) {
	c.appendFrame(func(dst []byte) []byte {
		dst, _ = c.send.AppendControl(dst, op, payload) // no payload of ours is too long
		return dst
	})
}

// pinged notes a pong. One we didn't ask for is ignored.
func (c *Conn) pinged(payload []byte) {
	if len(payload) != pingSize {
		return
	}
	number := binary.BigEndian.Uint64(payload)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pings == nil || number > c.pings.sent || number <= c.pings.answered {
		return
	}
	c.pings.answered = number
	if number >= c.pings.keep && c.timers != nil { // in turns there may be no times to keep
		c.timers.pinged = 0
	}
	if c.pings.waiting > 0 {
		c.pings.at = time.Now()
		c.changed()
	}
}

// tickPing sends the connection's own ping when it is due. mu is held.
func (c *Conn) tickPing(now instant) {
	t := c.timers
	if t.ping == 0 || c.unwritable() != nil {
		return
	}
	if now >= t.ping {
		t.ping = now.add(c.cfg.PingInterval)
		c.keepAlive(now)
	}
	c.wakeAt(t.ping)
}

// keepAlive sends the connection's own ping, unless the last one may still wait behind
// what is being written: were they to gather there, the peer's answers would hold its
// reader up. mu is held.
func (c *Conn) keepAlive(now instant) {
	c.keepPings()
	if c.flushing && c.pings.keep > c.pings.answered {
		return
	}
	c.pings.keep = c.appendPing()
	if t := c.timers; t.pinged == 0 {
		t.pinged = now
	}
	if !c.flushing && !c.corked {
		c.startFlush()
	}
}

// maxPongs is how many pongs may wait behind a write in progress. Past it the
// reader waits, so that a peer that pings and doesn't read is held up. What else
// waits there doesn't count: the peer may itself be waiting for us to read.
const maxPongs = 512

// pong answers a ping with its payload (RFC 6455 §5.5.2). The answer leaves
// before the reader waits for more.
func (c *Conn) pong(ctx context.Context, payload []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.unwritable() != nil {
		return nil // what ended the connection shows in reading on
	}
	if !c.flushing {
		c.appendControl(frame.Pong, payload)
		return nil
	}
	c.own().queue.pushPong(&c.send, payload)
	for c.t == nil && c.queue.pongs > maxPongs && c.brokenWrite() == nil {
		if err := ctx.Err(); err != nil {
			return readError(err)
		}
		c.await(ctx, never)
	}
	return nil
}

// flushReplies sends the pongs that the reader has left in the output. It must
// not wait for a peer that may itself be waiting for us to read. mu is held.
func (c *Conn) flushReplies() {
	if c.out == nil || c.flushing || c.corked || c.brokenWrite() != nil {
		return
	}
	c.flushNow()
}

// flushNow writes what the socket takes of the output without waiting, and leaves
// the rest to a goroutine, or to the engine. mu is held and nobody is flushing.
func (c *Conn) flushNow() {
	if c.t != nil || !c.raw.usable() {
		c.startFlush()
		return
	}
	c.flushing = true
	if c.writeOut(doneContext, nil) != nil || !c.queue.empty() {
		c.goFlush()
		return
	}
	c.carry()
}

// startFlush lets a goroutine write the output, where to write may mean to wait.
// mu is held and nobody is flushing.
func (c *Conn) startFlush() {
	c.flushing = true
	if c.t != nil {
		c.flushTurn(nil) // its error is in the state
		return
	}
	c.goFlush()
}

// doneContext lets a write do what it can without waiting.
var doneContext = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()
