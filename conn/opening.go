package conn

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"

	"github.com/godwit-ws/godwit/conn/internal/bufpool"
	"github.com/godwit-ws/godwit/conn/internal/drive"
	"github.com/godwit-ws/godwit/handshake"
)

// Opening is an opening request that a server has received and not answered yet:
// there is time to look at its path, ask others about it, or find that it isn't
// for us. It comes from Upgrader.Receive or ReceiveHTTP and ends with one call of
// Accept, Refuse or Release; one more returns an error and does nothing. To drop an
// Opening of Receive without any of them is a mistake: nobody closes its connection
// then. One of ReceiveHTTP leaves the answer to net/http.
//
// After Receive, HandshakeTimeout runs on until the answer: one that comes later
// fails, and only a refusal still gets a second to be sent. If Receive's context
// ends first, the connection is closed. After ReceiveHTTP the limits of net/http
// hold, and HandshakeTimeout for the writing of the answer.
//
// An Opening belongs to one goroutine at a time.
type Opening struct {
	Request *handshake.Request // not to be changed
	Scheme  handshake.Scheme   // how it came in; who trusts a proxy sets, before Check, how the client came in
	Peer    netip.Addr         // the client's address, likewise; zero where there is none: a unix socket, a pipe

	u    *Upgrader
	ctx  context.Context // that of Receive, or of net/http's request
	nc   net.Conn        // nil while net/http has it
	stop func() bool     // keeps ctx's end from closing nc; nil if there is nothing to stop
	buf  *bufpool.Buffer // what was received, then the answer
	rest []byte          // what followed the request
	w    http.ResponseWriter
	r    *http.Request // it and w are nil after Receive

	hurried  bool // its owner must not wait: an engine does (Await)
	checked  bool
	refused  error // what Check found
	accepted handshake.Accepted
	fields   []handshake.Field // of Upgrader.Check
	over     bool              // it was answered or released
}

// Answer is what a server adds to the answer that accepts a request.
type Answer struct {
	// Fields are added to the header, behind those of Upgrader.Check. They keep to
	// the rules of handshake.AppendAccepted.
	Fields []handshake.Field
	// Subprotocol, if it isn't "", stands in place of the Upgrader's choice. It must
	// be one that the client has offered.
	Subprotocol string
}

// errAnswered is returned by a second answer.
var errAnswered = errors.New("conn: this opening request was answered or released before")

// errNoReason is what Refuse makes of nil.
var errNoReason = &handshake.Refusal{Status: http.StatusInternalServerError, Err: errors.New("conn: refused without an error")}

// errFull refuses newcomers while those who are here hold more than Config.MaxBuffered.
var errFull = &handshake.Refusal{
	Status: http.StatusServiceUnavailable,
	Reason: "The server holds as much as it can. Try again later.",
	Fields: []handshake.Field{{Name: "Retry-After", Value: "5"}},
	Err:    ErrOverloaded,
}

// AsksUpgrade reports whether the request asks for a WebSocket at all (RFC 6455
// §4.2.1). One that doesn't is for whoever serves ordinary requests.
func (o *Opening) AsksUpgrade() bool { return o.Request.AsksUpgrade() }

// Check judges the request by the Upgrader's fields, its Check among them, and
// answers nothing. Its error, which Refuse can be given, is one of package
// handshake's or of Upgrader.Check. The result is kept: a second call returns the
// same, whatever Scheme and Peer have become.
func (o *Opening) Check() error {
	if !o.checked {
		o.checked = true
		o.refused = o.judge()
	}
	return o.refused
}

func (o *Opening) judge() (err error) {
	if o.u.err != nil {
		return o.u.err
	}
	if o.u.cfg.budget.full() {
		return errFull
	}
	if o.accepted, err = o.u.policy.Check(o.Request, o.Scheme, o.Peer); err != nil {
		return err
	}
	if o.u.Check == nil {
		return nil
	}
	if o.fields, err = o.u.Check(o.Request); err != nil {
		return refusal(err)
	}
	return nil
}

// refusal makes an error of the user's Check one that has a status: 403 unless it
// brings its own.
func refusal(err error) error {
	if _, ok := errors.AsType[*handshake.Refusal](err); ok {
		return err
	}
	return &handshake.Refusal{Err: err}
}

// Accept answers that the connection is open (RFC 6455 §4.2.2) and returns it.
// What Check finds, a field of a that may not stand there
// (handshake.ErrHeaderField), and a subprotocol that wasn't offered
// (handshake.ErrSubprotocolChoice), it refuses by itself. After any error there is
// nothing left to answer or to close.
func (o *Opening) Accept(a Answer) (*Conn, error) {
	if o.over {
		return nil, errAnswered
	}
	answer, err := o.encode(a)
	if err != nil {
		return nil, o.Refuse(err)
	}
	if o.w != nil {
		if err := o.hijack(); err != nil {
			return nil, o.Refuse(err)
		}
	}
	if _, err := o.nc.Write(answer); err != nil {
		return nil, o.drop(err)
	}
	if !o.stopWatch() {
		return nil, o.drop(net.ErrClosed)
	}
	o.nc.SetDeadline(never)
	c := newConn(o.nc, &o.u.cfg, o.u.setup(o.accepted, hello{request: o.Request, parent: o.ctx}, o.rest))
	o.finish()
	return c, nil
}

// encode checks the request and returns the answer, in memory of buf.
func (o *Opening) encode(a Answer) ([]byte, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	accepted := &o.accepted
	if a.Subprotocol != "" {
		if !o.Request.OffersSubprotocol(a.Subprotocol) {
			return nil, handshake.ErrSubprotocolChoice
		}
		accepted.Subprotocol = a.Subprotocol
	}
	extra := a.Fields
	if o.w != nil {
		extra = slices.Concat(extraFields(o.w.Header()), o.fields, extra)
	} else if len(o.fields) > 0 {
		extra = slices.Concat(o.fields, extra)
	}
	if o.buf == nil {
		o.buf = bufpool.Get(defaultMaxHeaderSize)
	}
	start := len(o.buf.B)
	var err error
	o.buf.B, err = handshake.AppendAccepted(o.buf.B, *accepted, extra)
	return o.buf.B[start:], err
}

// Refuse answers with the status and text that err deserves
// (handshake.AppendRefusal), sees to it that the client receives the answer, which
// takes a second at most, and closes the connection. It returns err, wrapped; nil,
// which refuses nothing, counts as a mistake of ours with status 500. After
// ReceiveHTTP the answer leaves by way of net/http, with the fields that were set
// there.
func (o *Opening) Refuse(err error) error {
	if o.over {
		return errAnswered
	}
	if err == nil {
		err = errNoReason
	}
	if o.w != nil {
		refuse(o.w, o.r, err)
		o.finish()
		return openingError(err)
	}
	if !o.tell(err) {
		return o.drop(err) // nobody listens any more
	}
	if o.hurried {
		elsewhere := *o
		o.buf = nil
		o.finish()
		go func() {
			elsewhere.linger()
			elsewhere.drop(err)
		}()
		return openingError(err)
	}
	o.linger()
	return o.drop(err)
}

// Release gives the connection back as it was before Receive: what was read of it
// comes again, from the net.Conn returned, and no deadline is set. It is for
// requests that someone else serves; net/http can, also where the connection below
// is a *tls.Conn. If Receive's context has ended, the connection is closed, as its
// reads then say.
//
// After ReceiveHTTP, where w and r are still the caller's, it returns nil, as it does
// where the Opening has ended before.
func (o *Opening) Release() net.Conn {
	if o.over || o.w != nil {
		o.finish()
		return nil
	}
	below := o.nc
	if pending, ok := below.(drive.Pending); ok {
		below = pending.Ordinary()
	}
	nc := release(below, o.buf.B)
	if o.stopWatch() {
		nc.SetDeadline(never)
	}
	o.finish()
	return nc
}

// stopWatch keeps ctx's end from closing the connection. It returns false if that
// has happened.
func (o *Opening) stopWatch() bool { return o.stop == nil || o.stop() }

// drop closes the connection and returns err, or that of the context that has
// broken the connection before.
func (o *Opening) drop(err error) error {
	if !o.stopWatch() && broken(err) {
		err = o.ctx.Err()
	}
	closeTransport(o.nc)
	o.finish()
	return openingError(err)
}

// finish gives back what an answer needed.
func (o *Opening) finish() {
	bufpool.Put(o.buf)
	*o = Opening{Request: o.Request, Scheme: o.Scheme, Peer: o.Peer, u: o.u, checked: o.checked, refused: o.refused, over: true}
}

func openingError(err error) error { return fmt.Errorf("conn: opening handshake: %w", err) }
