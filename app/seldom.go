package app

import (
	"crypto/tls"
	"sync/atomic"

	"github.com/godwit-ws/godwit/router"
)

// What few connections have stands apart, so that a Conn is small: those that have none
// of it share nothing.

// given is what some connections have from their beginning. Nobody changes it once
// others learn of the connection.
type given struct {
	params   *router.Match        // of a path with parameters
	tls      *tls.ConnectionState // where TLS ends here
	deadline *hookDeadline        // with Config.HookTimeout
	rate     *messageRate         // with Config.MaxMessageRate
}

// seldom is what some connections have for a time, or at their end. The Conn's mu guards
// it.
type seldom struct {
	end    *CloseError         // how the connection has ended
	joined map[*topic]struct{} // topics it is in
	clock  *clock              // where there is a time at which it ends
}

var (
	nothingGiven given  // never written
	nothing      seldom // never written
)

// ownGiven returns what the connection has been given, to be added to.
func (r *Request) ownGiven() *given {
	if r.given == &nothingGiven {
		r.given = new(given)
	}
	return r.given
}

// own returns the connection's seldom, to be changed. mu is held.
func (c *Conn) own() *seldom {
	if c.seldom == &nothing {
		c.seldom = new(seldom)
	}
	return c.seldom
}

// flags are said of a connection once, and never taken back.
type flags struct{ atomic.Uint32 }

const (
	wasKept   uint32 = 1 << iota // Request.Keep was called
	wasClosed                    // Close was called, or the connection has ended
	wasWarned                    // a message without a hook was logged
)

func (f *flags) has(one uint32) bool { return f.Load()&one != 0 }

// set sets one, and reports whether it was set before.
func (f *flags) set(one uint32) (was bool) { return f.Or(one)&one != 0 }
