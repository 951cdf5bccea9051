package conn

import (
	"context"
	"net"
	"sync/atomic"
	"time"

	"github.com/godwit-ws/godwit/conn/internal/bufpool"
	"github.com/godwit-ws/godwit/conn/internal/drive"
	"github.com/godwit-ws/godwit/frame"
	"github.com/godwit-ws/godwit/handshake"
)

// Await makes a Machine of a connection that an engine drives in turns and whose
// opening request is still to come: it is how package eventloop accepts
// connections, and of no use to others. arrive is asked at once what is to be called
// with the request; if that is nil, nobody wants the connection, and neither the Machine
// nor the error is there. The Machine receives the request from t and calls what arrive
// has returned with it, in a turn, or with the error for which there is none: those of
// Receive. nc is the same connection as its owner will know it: writes to it don't wait
// as long as the socket takes bytes, and whatever else it is asked for takes it off the
// engine. From that call on the Machine does nothing more.
//
// What is no request, is too long or comes too late it refuses by itself.
func (u *Upgrader) Await(ctx context.Context, t drive.Transport, nc drive.Pending, arrive func(drive.Awaiting) func(*Opening, error)) (drive.Awaiting, error) {
	if err := u.prepare(); err != nil {
		return nil, err
	}
	a := &awaiting{u: u, ctx: ctx, t: t, nc: nc}
	if a.handle = arrive(a); a.handle == nil {
		return nil, nil
	}
	if limit := u.cfg.HandshakeTimeout; limit > 0 {
		a.until = time.Now().Add(limit)
		nc.SetDeadline(a.until)
		t.WakeAt(a.until)
	}
	return a, nil
}

// awaiting is a connection whose opening request is still to come. buf, scanned and
// handed belong to the turn.
type awaiting struct {
	u      *Upgrader
	ctx    context.Context
	t      drive.Transport
	nc     drive.Pending
	handle func(*Opening, error)
	until  time.Time // zero for no limit

	buf     *bufpool.Buffer // what has come of the request; nil while nothing has
	scanned int
	handed  bool // to handle, or to who refuses it

	late    atomic.Bool
	aborted atomic.Bool
}

// Turn does what drive.Machine promises.
func (a *awaiting) Turn(w *drive.Workspace) drive.Outcome {
	switch {
	case a.handed:
		return drive.Paused // what becomes of the connection is its owner's business
	case a.aborted.Load():
		a.Lose(net.ErrClosed)
		return drive.Paused
	case a.late.Load() && a.buf == nil:
		a.Lose(handshake.ErrTimeout) // nothing was asked, nothing is answered
		return drive.Paused
	case a.late.Load():
		return a.refuse(handshake.ErrTimeout)
	}
	n, err := a.t.Read(w.Scratch)
	switch {
	case n > 0:
	case err == drive.ErrWouldBlock: // bare by Read's contract
		return drive.Drained
	default:
		a.Lose(err)
		return drive.Paused
	}
	if a.buf == nil {
		a.buf = bufpool.Get(n + answerRoom)
	}
	a.buf.Grow(n)
	a.buf.B = append(a.buf.B, w.Scratch[:n]...)
	end, err := handshake.HeaderEnd(a.buf.B, a.scanned, a.u.cfg.MaxHeaderSize)
	switch {
	case err != nil:
		return a.refuse(err)
	case end == 0:
		a.scanned = len(a.buf.B)
		return drive.More
	}
	a.hand(end)
	if n == len(w.Scratch) {
		return drive.More // may be there, and OnOpen's turn doesn't look
	}
	return drive.Paused
}

// answerRoom is for the answer, behind the request, in bytes.
const answerRoom = 512

// hand gives the request, which ends at end, to handle.
func (a *awaiting) hand(end int) {
	o := a.opening()
	if err := o.parse(end); err != nil {
		a.handle(nil, o.Refuse(err))
		return
	}
	a.handle(o, nil)
}

// refuse answers what is no request.
func (a *awaiting) refuse(err error) drive.Outcome {
	a.handle(nil, a.opening().Refuse(err))
	return drive.Paused
}

// opening hands what was received over.
func (a *awaiting) opening() *Opening {
	o := &Opening{
		Scheme:  handshake.HTTP,
		Peer:    a.nc.Peer(),
		u:       a.u,
		ctx:     a.ctx,
		nc:      a.nc,
		buf:     a.buf,
		hurried: true,
	}
	a.buf, a.handed = nil, true
	return o
}

// Lose does what drive.Awaiting promises. The socket is Paused until the engine has
// closed it.
func (a *awaiting) Lose(err error) {
	a.handed = true
	bufpool.Put(a.buf)
	a.buf = nil
	closeTransport(a.nc)
	if a.ctx.Err() != nil {
		err = a.ctx.Err()
	}
	a.handle(nil, openingError(err))
}

// Tick does what drive.Machine promises.
func (a *awaiting) Tick(now time.Time) {
	switch {
	case a.until.IsZero():
	case now.Before(a.until):
		a.t.WakeAt(a.until)
	default:
		a.late.Store(true)
		a.t.Attend()
	}
}

// Leave does what drive.Machine promises: there is no closing handshake yet.
func (a *awaiting) Leave(frame.Code, string) { a.Abort() }

// Abort does what drive.Machine promises. A request that was handed over can't be
// answered any more.
func (a *awaiting) Abort() {
	a.Close()
	a.t.Attend()
}

// Close does what drive.Awaiting promises.
func (a *awaiting) Close() error {
	a.aborted.Store(true)
	a.nc.Shutdown()
	return nil
}

// RemoteAddr does what drive.Awaiting promises.
func (a *awaiting) RemoteAddr() net.Addr { return a.nc.RemoteAddr() }

// Under does what drive.Awaiting promises.
func (a *awaiting) Under(ctx context.Context) bool { return sameContext(a.ctx, ctx) }

// Writable, Run, FlushCork and Name are for connections that are open.
func (a *awaiting) Writable()    {}
func (a *awaiting) Run()         {}
func (a *awaiting) FlushCork()   {}
func (a *awaiting) Name() string { return "opening handshake" }
