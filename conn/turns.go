package conn

import (
	"context"
	"reflect"

	"github.com/godwit-ws/godwit/conn/internal/bufpool"
	"github.com/godwit-ws/godwit/conn/internal/drive"
	"github.com/godwit-ws/godwit/conn/protocol"
)

// turns is where a connection stands that an engine drives in turns (package
// eventloop): no goroutine waits for its socket, and between two turns it is
// little more than this. inline doesn't change; fresh belongs to the turn; the rest is
// guarded by the Conn's mu.
type turns struct {
	fresh    bool // bytes have come since the last wait for some
	inline   bool // hooks run where nothing may wait
	stage    stage
	inTurn   bool
	parked   bool // the write baton waits for the socket to take bytes
	retry    bool // the socket took bytes again before the baton was parked
	resume   bool // the baton waits for the next turn
	paused   bool // no bytes are read until more output has left
	released bool // the transport was closed
	silent   bool // no Tick is to come that looks at ReadTimeout
}

// stage is how far a connection driven in turns has come.
type stage uint8

const (
	unopened  stage = iota // OnOpen is still to be called
	opened                 // messages are passed on, or dropped after our Close
	ending                 // the end is decided: the last output leaves, input is dropped
	lingering              // our direction is closed: the peer closes the other, or lingerTime ends
	closed                 // OnClose is called, or was
)

// coda is what is known of an end that is decided and not yet reached.
type coda struct {
	e       *CloseError
	how     parting
	eof     bool    // the peer has closed its direction
	dropped int     // bytes received since; belongs to the turn
	lingers instant // until when
}

// parting is what is left to do once the end is decided.
type parting uint8

const (
	leaveFirst parting = iota // close our direction when all is written, and await the peer's
	leaveLast                 // await the peer's, who is a server and closes first (RFC 6455 §7.1.1)
	leaveNow                  // nothing: the connection is lost
)

// machine is a Conn as its engine sees it.
type machine Conn

// Turn does what drive.Machine promises.
func (m *machine) Turn(w *drive.Workspace) drive.Outcome {
	c := (*Conn)(m)
	returned := false
	defer func() {
		if !returned {
			c.endTurn(c.exitTurn())
			c.t.Attend()
		}
	}()
	next := c.turn(w)
	returned = true
	return next
}

// exitTurn is for a hook that calls runtime.Goexit: what came is still looked at.
func (c *Conn) exitTurn() drive.Outcome {
	if c.isOver() { // it was OnClose
		return drive.Over
	}
	if c.leaveLater(errGoexit) && c.recv.Buffered() > 0 {
		c.deliverTurn()
	}
	return drive.More
}

// isOver reports whether OnClose was called.
func (c *Conn) isOver() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stage == closed
}

// turn is Turn without the care for hooks that end their goroutine.
func (c *Conn) turn(w *drive.Workspace) drive.Outcome {
	stage, due := c.startTurn()
	switch {
	case stage == closed:
		return c.endTurn(drive.Over)
	case stage == unopened:
		c.open(w)
		return c.endTurn(afterOpening(due))
	case due.end:
		c.releaseTurn()
		return c.endTurn(drive.Over)
	case stage >= ending:
		return c.endTurn(c.dropInput(w.Scratch))
	case due.failure != nil:
		c.fail(due.failure)
		return c.endTurn(drive.More)
	case due.early:
		c.deliverTurn()
		c.dropEarly()
		return c.endTurn(drive.More)
	}
	return c.endTurn(c.receiveTurn(w))
}

// due is what a turn has to see to before it reads.
type due struct {
	end     bool        // of the connection, which OnClose is to be told of
	failure *CloseError // to end it with
	early   bool        // bytes are there
}

// startTurn enters a turn, and says what it is for.
func (c *Conn) startTurn() (stage, due) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.resume {
		c.resume = false
		c.flushTurn(nil)
	}
	c.inTurn = true
	if c.waiting && c.timers != nil {
		c.timers.woke()
	}
	c.waiting, c.paused = false, false
	c.corked, c.answered = true, false
	d := due{end: c.end != nil, early: c.early != nil}
	if c.stage == opened && c.pending != nil { // before that it waits for OnOpen
		d.failure, c.pending = c.pending, nil
	}
	return c.stage, d
}

// dropEarly gives back what came before the first turn.
func (c *Conn) dropEarly() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.early != nil {
		bufpool.Put(c.early)
		c.early = nil
	}
}

// open calls OnOpen.
func (c *Conn) open(w *drive.Workspace) {
	c.mu.Lock()
	c.stage = opened
	c.mu.Unlock()
	if err := c.call(func() error { return c.hooks.OnOpen(c) }); err != nil {
		c.leaveLater(err)
	}
	c.forgetHello(w)
}

// afterOpening says when the turn behind OnOpen's is due: a client has hardly had the
// time to send more than what came with its request.
func afterOpening(d due) drive.Outcome {
	if d.early {
		return drive.More
	}
	return drive.Unread
}

// forgetHello drops what of the opening handshake takes much room: the request or
// the response. The rest is shared by the connections that have it in common, if
// they come after each other.
func (c *Conn) forgetHello(w *drive.Workspace) {
	c.mu.Lock()
	defer c.mu.Unlock()
	mine := c.hello
	last, ok := w.Last.(*hello)
	if !ok || last.subprotocol != mine.subprotocol || !sameContext(last.parent, mine.parent) {
		last = &hello{subprotocol: mine.subprotocol, parent: mine.parent}
		w.Last = last
	}
	c.hello = last
}

// sameContext reports whether a and b are the same, as far as they can be compared.
func sameContext(a, b context.Context) bool {
	return a == nil && b == nil || a != nil && b != nil && reflect.TypeOf(a).Kind() == reflect.Pointer && a == b
}

// receiveTurn reads once and passes on what came.
func (c *Conn) receiveTurn(w *drive.Workspace) drive.Outcome {
	if c.recv == nil {
		c.borrowReceiver(w)
	}
	buf := c.recv.Want(w.Scratch)
	n, err := c.t.Read(buf)
	c.recv.Got(n)
	next := drive.More
	switch {
	case n > 0:
		c.fresh = true
		if c.deliverTurn(); n < len(buf) {
			next = drive.Drained
		}
	case err == drive.ErrWouldBlock: // bare by Read's contract
		next = drive.Drained
	default:
		c.lost(context.Background(), err)
	}
	if c.recv != nil && (c.recv.Quiet() || c.recv.Renew()) {
		w.Keep(c.recv, c.cfg)
		c.recv = nil
	}
	return next
}

// borrowReceiver takes a Receiver for the time in which it holds something. Its
// rules are those of the configuration that many connections share.
func (c *Conn) borrowReceiver(w *drive.Workspace) {
	if c.recv = w.Lend(c.cfg); c.recv == nil {
		c.recv = protocol.NewReceiver(c.receiverConfig())
	}
}

// deliverTurn passes on all messages of what was received. After a hook's error
// the rest is dropped, but for the peer's Close.
func (c *Conn) deliverTurn() {
	controls, _ := c.hooks.(ControlHooks)
	for {
		err := c.call(func() error { return c.deliverBatch(c.hooks, controls) })
		if err == nil || !c.leaveLater(err) {
			return
		}
	}
}

// leaveLater is leave in turns: it sends a Close for a hook's error, and drops
// messages until the peer's Close comes. It returns false if the end is decided
// already.
func (c *Conn) leaveLater(err error) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.end != nil || c.stage >= ending {
		return false
	}
	if c.unwritable() == nil {
		c.appendClose(answer(err)) // can't fail: answer has seen to that
	}
	if c.recv == nil { // only in OnOpen
		c.recv = protocol.NewReceiver(c.receiverConfig())
	}
	c.recv.SetMode(protocol.Discard)
	return true
}

// endTurn sends what the cork held back, and says when the next turn is due. next
// is what reading says to that.
func (c *Conn) endTurn(next drive.Outcome) drive.Outcome {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.corked = false
	if c.out != nil && !c.flushing && c.brokenWrite() == nil {
		c.flushing = true
		c.flushTurn(nil) // its error is in the state
	}
	c.inTurn = false
	c.stopOverdue()
	if c.recv != nil {
		c.holdsIn(c.recv.Held())
	} else {
		c.holdsIn(0)
	}
	c.advanceEnd()
	if c.end != nil {
		return c.endLastTurn(next)
	}
	switch {
	case c.stage >= ending:
		return next
	case c.pending != nil:
		return drive.More
	case c.overloaded():
		c.paused = true
		c.keepTime()
		c.timers.woke()
		return drive.Paused
	case next == drive.Drained, next == drive.Unread:
		c.startWaiting()
	}
	return next
}

// endLastTurn is endTurn after the end: one more turn is for OnClose, unless this
// was it.
func (c *Conn) endLastTurn(next drive.Outcome) drive.Outcome {
	c.releaseTransport()
	if next != drive.Over {
		next = drive.More
	}
	return next
}

// releaseTurn gives the memory of reading back and calls OnClose.
func (c *Conn) releaseTurn() {
	if c.recv != nil {
		c.recv.Reset()
		c.recv = nil
	}
	c.dropEarly()
	c.mu.Lock()
	e := c.end.(ended).CloseError
	c.releaseAfterTurn()
	c.stage = closed
	c.mu.Unlock()
	c.call(func() error { c.hooks.OnClose(c, e); return nil })
}

// overloaded reports whether so much output waits that reading has to wait for it.
// After our Close only what the peer says is of interest. mu is held.
func (c *Conn) overloaded() bool {
	return c.parked && c.unwritable() == nil && (c.unsent() > corkLimit || c.queue.pongs > maxPongs)
}

// unsent is how many bytes wait for the socket. mu is held.
func (c *Conn) unsent() int {
	n := c.queue.waiting.bytes
	if c.out != nil {
		n += len(c.out.B)
	}
	return n
}

// admits reports whether a message of n bytes may be queued behind a write in
// progress. mu is held.
func (c *Conn) admits(n int) bool {
	if c.t == nil {
		return c.queue.admits(n, c.cfg.MaxQueued)
	}
	waits := c.unsent()
	return c.cfg.MaxQueued < 0 || waits == 0 || n <= c.cfg.MaxQueued-waits
}

// overflow ends a connection whose senders can't wait, and whose peer doesn't
// read. mu is held.
func (c *Conn) overflow() error {
	c.appendClose(&CloseError{Code: CodeTryAgainLater, Reason: "slow consumer", Err: ErrQueueFull}) // can't fail: our code and reason are right
	return ErrQueueFull
}
