package live

import (
	"net/http"
	"slices"

	"github.com/godwit-ws/godwit/app"
)

// Subprotocol is the name of this version of the protocol (RFC 6455 §1.9).
const Subprotocol = "godwit.live.v1"

// version is the same as a number.
const version = 1

// Live speaks the protocol with clients.
type Live struct{ cfg Config }

// New makes a Live.
func New(c Config) *Live { return &Live{c.withDefaults()} }

// Mount adds the route at which clients connect, with middleware around it. Errors
// are those of app.Router.AddRoute.
func (l *Live) Mount(r *app.Router, path string, m ...app.Middleware) error {
	return r.AddRoute(path, l.Handler, append(slices.Clone(m), l.Negotiate)...)
}

// Handler returns the handler of a new connection, for routes and blueprints;
// Negotiate belongs around it.
func (l *Live) Handler() any { return &session{live: l} }

// Negotiate is middleware that agrees on the version of the protocol. Clients that
// name none get this one; those that know only others are refused with 400.
func (l *Live) Negotiate(next app.Acceptor) app.Acceptor {
	return func(r *app.Request) (app.Handler, error) {
		switch offered := r.Subprotocols(); {
		case slices.Contains(offered, Subprotocol):
			r.SelectSubprotocol(Subprotocol)
		case len(offered) > 0:
			return nil, app.Refuse(http.StatusBadRequest, "This server speaks "+Subprotocol+".")
		}
		return next(r)
	}
}
