package console

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/godwit-ws/godwit/app"
)

// Config sets up a Console. The zero value is ready to use.
type Config struct {
	// Allow decides whether a request gets the console; one that doesn't gets 403. Nil
	// means LocalOnly. Who lets others in asks them for a password here, or sees to it
	// in a handler around the Console.
	Allow func(r *http.Request) bool
	// Follow is the path at which the server has package live (live.Live.Mount): the page
	// then follows topics by it, with the client that comes back and resumes. What a
	// person may follow, app.Config.Authorize says. "" leaves that out.
	Follow string
}

// Console is the page, and answers what it asks. It is an http.Handler.
type Console struct {
	srv   *app.Server
	allow func(r *http.Request) bool
	page  page
	watch watch
}

var _ http.Handler = (*Console)(nil)

// New returns the console of a server.
func New(srv *app.Server, c Config) *Console {
	if c.Allow == nil {
		c.Allow = LocalOnly
	}
	return &Console{srv: srv, allow: c.Allow, page: newPage(c.Follow), watch: watch{srv: srv, since: time.Now()}}
}

// ServeHTTP answers GET and HEAD: the page, or with a query what the page asks for.
//
//	?live                             figures, connections and topics
//	?routes                           the routes and their parameters
//	?why=/path&origin=…&protocols=…   whether the server would accept a connection, and why not
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	query := r.URL.Query()
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD are answered here", http.StatusMethodNotAllowed)
	case !c.allow(r):
		http.Error(w, forbidden, http.StatusForbidden)
	case r.URL.RawQuery == "":
		c.page.serve(w)
	case !sameOrigin(r):
		http.Error(w, "this is for the console's own page", http.StatusForbidden)
	case query.Has("live"):
		writeJSON(w, c.watch.snapshot())
	case query.Has("routes"):
		writeJSON(w, routesOf(c.srv.Router()))
	case query.Has("why"):
		c.answerWhy(w, r, query)
	default:
		c.page.serve(w) // a query of somebody else's, as links get them
	}
}

// forbidden is what those get who may not see the console.
const forbidden = "You may not see this server's console. Unless its operator says otherwise, it is there for browsers on the server's own machine."

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v) // an error means that nobody listens any more
}
