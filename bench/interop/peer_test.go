package interop_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
	"github.com/godwit-ws/godwit/handshake"
)

// A peer is an implementation of WebSocket that can be told what to do.
type peer interface {
	abilities() ability
	// dial opens a connection to url. Only called with the ability dials.
	dial(ctx context.Context, url string, o terms) (side, error)
	// serve starts a server on loopback, until ctx ends. Only called with the
	// ability serves.
	serve(ctx context.Context, o terms) (*server, error)
}

// server is a server of a peer, and the connections that it accepts.
type server struct {
	url      string
	accepted chan side
}

// newServer has room for every connection that a test makes.
func newServer(url string) *server {
	return &server{url: url, accepted: make(chan side, 2*crowd)}
}

// A side is one end of a connection.
type side interface {
	// send sends a message, each part as a frame of its own if there are several.
	send(ctx context.Context, op conn.Opcode, parts ...[]byte) error
	// ping sends a ping. It may wait for the pong; pongs are reported as events.
	ping(ctx context.Context, payload []byte) error
	// close begins the closing handshake. frame.CodeNoStatus means an empty Close.
	close(ctx context.Context, code frame.Code, reason string) error
	// drop ends the connection at once. It may be called at any time.
	drop()
	// subprotocol is the agreed one, or "".
	subprotocol() string
	// answer is the Sec-WebSocket-Extensions that a client got; "" for a server.
	answer() string
	// next waits for what happens next at this end.
	next(ctx context.Context) (event, error)
}

// terms are what one end brings to the opening handshake.
type terms struct {
	subprotocols []string
	deflate      *handshake.DeflatePolicy // nil means no compression
	cert         *certificate             // nil means ws
	maxMessage   int64                    // only Godwit's end looks at it
}

// kind says what happened.
type kind string

const (
	message kind = "message"
	pong    kind = "pong"
	closed  kind = "closed" // the last event
)

// event is something that happened at one end of a connection.
type event struct {
	kind   kind
	op     conn.Opcode // of a message
	data   []byte      // of a message or a pong
	code   frame.Code  // the code received, or frame.CodeAbnormal, when closed
	reason string      // likewise
}

func (e event) String() string {
	switch e.kind {
	case closed:
		return fmt.Sprintf("closed with %d %q", uint16(e.code), e.reason)
	case message:
		return fmt.Sprintf("%v message of %d bytes, %.32q…", e.op, len(e.data), e.data)
	}
	return fmt.Sprintf("%s %.32q", e.kind, e.data)
}

// inbox holds the events of one end until they are asked for. Ends embed it.
type inbox struct {
	events chan event
}

// newInbox has room for more events than a test brings about.
func newInbox() inbox { return inbox{make(chan event, 2*pipelined)} }

func (b inbox) put(e event) { b.events <- e }

func (b inbox) next(ctx context.Context) (event, error) {
	select {
	case e := <-b.events:
		return e, nil
	case <-ctx.Done():
		return event{}, errors.New("nothing happened in time")
	}
}

// patience is how long one behaviour may take. It is long for busy machines:
// only failures come near it.
const patience = 20 * time.Second
