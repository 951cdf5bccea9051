package app

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/godwit-ws/godwit/app/internal/envelope"
	"github.com/godwit-ws/godwit/conn"
)

// nodeLink is a connection to a target. One goroutine runs its hooks, another writes
// what is pending, many messages in one write:
//
//	Send → pending → write → inFlight → the reply → Send
//
// The order of inFlight is that of the wire, and that of the replies.
type nodeLink struct {
	t      *nodeTarget
	c      *conn.Conn
	intake nodeIntake
	wake   chan struct{} // of one place: there is something for the writer
	ended  chan struct{} // closed when err is set

	mu       sync.Mutex
	pending  []*nodeOutgoing
	inFlight nodeFIFO
	writing  int   // how many of the last in flight are being written
	acked    bool  // a reply has come
	err      error // why no more is sent; nil while the link is up
	used     time.Time
	watch    *time.Timer
	due      time.Time // when watch fires
}

// nodeOutgoing is a message on its way.
type nodeOutgoing struct {
	message []byte
	since   time.Time  // when it was taken from pending
	done    chan error // of one place: its outcome
}

// Limits of what is on its way on one link.
const (
	// maxNodeInFlight is how many messages may wait for their replies. More stay with
	// their senders.
	maxNodeInFlight = 16 << 10
	// maxNodeWrite is how many bytes are written at a time, unless one message is longer.
	maxNodeWrite = 64 << 10
)

func newNodeLink(t *nodeTarget, c *conn.Conn) *nodeLink {
	return &nodeLink{
		t: t, c: c,
		intake: nodeIntake{n: t.n, peer: envelope.NewPeer(nodeAddress(c.RemoteAddr())), addr: c.RemoteAddr()},
		wake:   make(chan struct{}, 1),
		ended:  make(chan struct{}),
		used:   time.Now(),
	}
}

// start begins to read and to write.
func (l *nodeLink) start(e *nodeEra) {
	l.mu.Lock()
	l.watchUntil(l.idleAt())
	l.mu.Unlock()
	e.work.Go(l.write)
	e.work.Go(func() {
		defer e.remove(l)
		l.t.n.logHookFailure(l.c, l.c.Run(l))
	})
}

// up reports whether the link takes messages.
func (l *nodeLink) up() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err == nil
}

// send sends a message and waits for its reply. errNodeStale means that the link has
// ended without taking it.
func (l *nodeLink) send(ctx context.Context, message []byte) error {
	o := &nodeOutgoing{message: message, done: make(chan error, 1)}
	if !l.push(o) {
		return errNodeStale
	}
	select {
	case err := <-o.done:
		return err
	case <-ctx.Done():
		return l.giveUp(o, context.Cause(ctx))
	}
}

func (l *nodeLink) push(o *nodeOutgoing) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return false
	}
	l.pending = append(l.pending, o)
	l.signal()
	return true
}

// signal wakes the writer.
func (l *nodeLink) signal() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// giveUp ends a send that nobody waits for any longer. A message that has left
// keeps its place in flight: its reply may still come.
func (l *nodeLink) giveUp(o *nodeOutgoing, cause error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case err := <-o.done:
		if !errors.Is(err, errNodeStale) {
			return err
		}
		return notSent(cause)
	default:
	}
	if i := slices.Index(l.pending, o); i >= 0 {
		l.pending = slices.Delete(l.pending, i, i+1)
		return notSent(cause)
	}
	return unacknowledged(cause)
}

// write writes what is pending until the link ends.
func (l *nodeLink) write() {
	var messages [][]byte
	for {
		select {
		case <-l.wake:
		case <-l.ended:
			return
		}
		for messages = l.take(messages[:0]); len(messages) > 0; messages = l.take(messages[:0]) {
			taken, err := l.c.WriteAll(context.Background(), conn.Text, messages)
			l.wrote(taken)
			if err != nil {
				if !errors.Is(err, conn.ErrClosed) { // else whoever reads finds how it ended
					l.c.Abort()
				}
				return
			}
			clear(messages)
		}
	}
}

// take moves messages from pending to inFlight, and appends their bytes to dst: as
// many as may be in flight, and be written at a time.
func (l *nodeLink) take(dst [][]byte) [][]byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil || len(l.pending) == 0 {
		return dst
	}
	now, size, n := time.Now(), 0, 0
	for _, o := range l.pending {
		size += len(o.message)
		if n > 0 && size > maxNodeWrite || l.inFlight.len() >= maxNodeInFlight {
			break
		}
		dst = append(dst, o.message)
		o.message, o.since = nil, now
		l.inFlight.push(o)
		n++
	}
	l.pending = slices.Delete(l.pending, 0, n)
	l.writing, l.used = n, now
	if n > 0 && l.t.n.cfg.AckTimeout > 0 {
		l.watchUntil(now.Add(l.t.n.cfg.AckTimeout))
	}
	return dst
}

// wrote is called when a write is over, with what WriteAll says of its messages.
// Those that have not left go another way when the link ends.
func (l *nodeLink) wrote(taken bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.writing
	l.writing = 0
	switch {
	case l.err != nil:
		outcome := errNodeStale
		if taken {
			outcome = unacknowledged(l.err)
		}
		l.flunk(l.inFlight.len(), outcome)
	case !taken:
		l.pending = append(l.inFlight.popLast(n), l.pending...)
	}
}

// flunk gives the oldest n messages in flight a bad outcome. mu is held.
func (l *nodeLink) flunk(n int, outcome error) {
	for range n {
		l.inFlight.pop().done <- outcome
	}
}

// OnOpen implements conn.Hooks.
func (l *nodeLink) OnOpen(*conn.Conn) error { return nil }

// OnMessage implements conn.Hooks: a reply goes to the oldest message in flight,
// anything else into the store.
func (l *nodeLink) OnMessage(_ *conn.Conn, _ conn.Opcode, p []byte) error {
	f, err := l.intake.read(p)
	kind := envelope.Other
	if err == nil {
		kind = f.Kind()
	}
	switch kind {
	case envelope.Acceptance:
		l.settle(nil)
	case envelope.Refusal:
		reason, ok := f.Content.Text()
		if !ok {
			reason = string(f.Content)
		}
		l.settle(&NodeRefusal{Reason: reason})
	default:
		l.intake.keep(err)
	}
	return nil
}

// settle gives the oldest message in flight its outcome.
func (l *nodeLink) settle(outcome error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	o := l.inFlight.pop()
	if o == nil {
		l.t.n.cfg.Logger.Debug("收到多余的确认", "peer", l.intake.addr)
		return
	}
	if !l.acked {
		l.acked = true
		l.t.retry.worked()
	}
	if len(l.pending) > 0 {
		l.signal() // the writer may have waited for room in flight
	}
	o.done <- outcome
}

// OnBatch implements conn.BatchHooks. Nothing is answered: see Node.
func (l *nodeLink) OnBatch(*conn.Conn) error {
	l.intake.commit()
	l.intake.release()
	return nil
}

// OnClose implements conn.Hooks.
func (l *nodeLink) OnClose(_ *conn.Conn, e *conn.CloseError) {
	if l.fail(e) && !l.acked { // only hooks write it
		l.t.retry.failed()
	}
}

// fail ends the link: what is in flight stays unacknowledged, what is pending goes
// another way. It returns false if the link had ended before.
func (l *nodeLink) fail(cause error) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return false
	}
	l.err = cause
	close(l.ended)
	l.watch.Stop()
	l.flunk(max(0, l.inFlight.len()-l.writing), unacknowledged(cause)) // of the others the writer knows more
	for _, o := range l.pending {
		o.done <- errNodeStale
	}
	l.pending = nil
	return true
}

// leave ends the link and closes its connection in order.
func (l *nodeLink) leave(code conn.Code, cause error) {
	if l.fail(cause) {
		l.c.Close(context.Background(), code, "") // Run returns its error
	}
}
