package drive

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/godwit-ws/godwit/conn/protocol"
	"github.com/godwit-ws/godwit/frame"
)

// ErrWouldBlock is returned by a Transport that can do nothing at the moment.
var ErrWouldBlock = errors.New("drive: would block")

// ErrTransport says that there can be no Transport of a connection.
var ErrTransport = errors.New("drive: not a connection that can be driven in turns")

// Transport is the connection below, as an engine gives it to a connection. None
// of its methods waits.
type Transport interface {
	// RemoteAddr and LocalAddr return the addresses, after Close too.
	RemoteAddr() net.Addr
	LocalAddr() net.Addr
	// Read reads into p, which isn't empty. It returns n > 0 and nil, or 0 with
	// io.EOF, ErrWouldBlock, or why the connection is lost. n < len(p) means that
	// nothing is left to be read. It is called within turns only.
	Read(p []byte) (n int, err error)
	// Write writes head and then tail, of which one may be empty, as far as it can.
	// It returns n with nil, 0 with ErrWouldBlock, or why it failed. last says that
	// CloseWrite comes next, so that both can leave as one. It is called by one
	// goroutine at a time, and where less than all was written the bytes that are left
	// come first in the next call: they may have been looked at.
	Write(head, tail []byte, last bool) (n int, err error)
	// AwaitWrite has Machine.Writable called, once, when bytes are taken again. What
	// happens between a Write that would block and AwaitWrite may be missed: so
	// Write is called once more after it.
	AwaitWrite()
	// CloseWrite ends our direction, behind all that was written.
	CloseWrite()
	// Shutdown ends both directions, for a peer that is to see at once that the
	// connection is over. Close still follows.
	Shutdown()
	// Close gives the connection below up. It is called once, when neither Read nor
	// Write is running; neither is called afterwards.
	Close()
	// WakeAt has Machine.Tick called at the time, or soon after it. Of several times
	// the earliest counts, until Tick is called.
	WakeAt(at time.Time)
	// Attend has Machine.Turn called soon, whether bytes have come or not.
	Attend()
}

// Pending is the connection below while its opening request is awaited or answered,
// for those who know it as a net.Conn. Writes, deadlines and Close don't wait as long
// as the socket takes bytes.
type Pending interface {
	net.Conn
	// Peer returns the IP address at the other end, if it has one.
	Peer() netip.Addr
	// Ordinary takes the connection off its engine and returns it as what package net
	// makes of its descriptor. Reads and writes that would block do so as well.
	Ordinary() net.Conn
	// Shutdown ends both directions of what is still neither open, nor closed, nor taken
	// off its engine. Unlike a Transport's it may come at any time.
	Shutdown()
}

// Machine is a connection, as its engine sees it.
type Machine interface {
	// Turn deals with what has happened: it opens the connection if that is still to
	// do, reads at most once, and passes on what came.
	Turn(w *Workspace) Outcome
	// Writable goes on with a write that would have blocked.
	Writable()
	// Tick looks at what is due.
	Tick(now time.Time)
	// Run drives a connection without a Transport, on the calling goroutine, until
	// it has ended.
	Run()
	// Leave begins the closing handshake. Abort drops the connection.
	Leave(code frame.Code, reason string)
	Abort()
	// FlushCork writes what the hook that is running has sent so far, and holds back
	// no more of it.
	FlushCork()
	// Name says what kind of hooks these are.
	Name() string
}

// Awaiting is the Machine of a connection whose opening request is awaited or
// answered.
type Awaiting interface {
	Machine
	// RemoteAddr returns the address at the other end, after the end too.
	RemoteAddr() net.Addr
	// Close has the connection dropped in a turn to come. It may be called before there
	// are turns, and is of no effect on a connection that is open.
	Close() error
	// Lose drops the connection, for want of err. It takes the place of the turns, which
	// have not begun.
	Lose(err error)
	// Under reports whether it was accepted under ctx.
	Under(ctx context.Context) bool
}

// Outcome says when the next turn is due.
type Outcome uint8

// The outcomes of a turn.
const (
	Drained Outcome = iota // when bytes come
	Unread                 // likewise, but nothing was read: those count that came before the turn
	More                   // as soon as others have had theirs: bytes may be waiting
	Paused                 // when Attend was called: bytes that wait are to go on waiting
	Over                   // never: the connection has ended, and has been told so
)

// Mode says how hooks are called.
type Mode uint8

// The modes.
const (
	Pooled Mode = iota // on a goroutine that may wait
	Inline             // on the engine's own, where nothing ever waits
)

// Workspace is what a turn needs and a connection between turns doesn't: memory to
// read into, and a Receiver, which connections that hold nothing of a message
// share. It belongs to whoever calls Turn, one turn at a time.
type Workspace struct {
	Scratch []byte // to read into
	Last    any    // what the last connection left for the next to share

	receiver *protocol.Receiver
	rules    any // what the receiver was set up for
}

// Lend returns the Receiver kept in w if it was set up for the same rules, a value
// that can be compared, and nil otherwise.
func (w *Workspace) Lend(rules any) *protocol.Receiver {
	if w.rules != rules {
		return nil
	}
	r := w.receiver
	w.receiver, w.rules = nil, nil
	return r
}

// Keep takes a Receiver for the next one to borrow. It must be quiet.
func (w *Workspace) Keep(r *protocol.Receiver, rules any) { w.receiver, w.rules = r, rules }
