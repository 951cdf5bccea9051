package eventloop

import (
	"context"
	"net"

	"github.com/godwit-ws/godwit/conn"
)

// Reception is what becomes of the connections that Accept lets in: Serve for servers
// that count who is there and choose when to stop. Stop may be nil, the others not.
type Reception struct {
	// Upgrader receives the opening requests.
	Upgrader *conn.Upgrader
	// Arrive is called with each connection as it is accepted. It returns what is to be
	// called with its request or, once all is over, with the error for which there is
	// none, as Upgrader.Receive has it: one call for each connection, like hooks are
	// called, as Serve calls handle. Nil has the connection closed. Arrive must not wait,
	// and may be called by several goroutines at once.
	Arrive func(Arrival) func(*conn.Opening, error)
	// Failed is told why accepting has failed, and may wait until it is worth another
	// try. An error that it returns ends Accept.
	Failed func(error) error
	// Stop, when it is closed, ends Accept.
	Stop <-chan struct{}
}

// Arrival is a connection whose opening request is still to come. Its methods may be
// called by any goroutine at any time.
type Arrival interface {
	RemoteAddr() net.Addr
	// Close drops the connection, if it isn't open yet; a request that has come can't be
	// answered any more. It returns at once, and nil.
	Close() error
}

// Accept has the loops accept connections of l and receive their opening requests, until
// r.Stop is closed, for which it returns nil, or ctx or the Engine ends, or r.Failed
// returns an error. l stays the caller's to close. When nothing more is accepted, those
// who have come in may still send their requests, until ctx or the Engine ends: that
// drops the ones that are not answered yet. ctx is the parent of the connections'
// contexts too.
//
// Loops can do so on Linux, and where l is of TCP or a unix socket without TLS. For other
// listeners Accept returns ErrListener at once. On an Engine that was closed the error
// Is ErrClosed. Errors also: that of an Upgrader that can't work, the system's.
func (e *Engine) Accept(ctx context.Context, l net.Listener, r Reception) error {
	if e.life.Err() != nil {
		return errStopped
	}
	return e.loops.accept(ctx, e.life, l, &r)
}

// Inline reports whether hooks are called on the loops (Config.Inline), and so whatever
// Serve and Accept call.
func (e *Engine) Inline() bool { return e.cfg.Inline }
