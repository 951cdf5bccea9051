package app

import (
	"crypto/tls"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"sync/atomic"
	"time"
	"unique"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/handshake"
	"github.com/godwit-ws/godwit/router"
)

// Acceptor decides on a request before its handshake is answered: it returns the
// connection's handler, or an error, which refuses the request: with the status
// and reason of Refuse, else with 500, the text going to the log.
type Acceptor func(r *Request) (Handler, error)

// Middleware wraps an Acceptor in another, which may refuse, set values, and wrap
// the Handler that comes back. It is called once a route.
type Middleware func(next Acceptor) Acceptor

// Request is an opening request that is right by the protocol and has a route.
// Acceptors may change the answer with it; once the handshake is answered it is
// only read, and the methods that change the answer panic.
//
// Its header, cookies and query are kept until OnOpen has returned, and longer only
// if Keep was called: they are what takes the most memory of an idle connection.
// Everything else can be asked for at any time.
type Request struct {
	server *Server
	head   atomic.Pointer[handshake.Request] // nil once it is forgotten
	route  *route
	path   string
	client netip.Addr
	host   unique.Handle[string] // most ask for the same
	given  *given
	values values
	answer *answer // nil once it was given
	flags  flags
	port   uint16 // of client
	scheme handshake.Scheme
}

// answer is what Acceptors have changed of the answer.
type answer struct {
	conn.Answer
	expires expiry
}

// Keep keeps header, cookies and query for as long as the connection lives. Call it
// in an Acceptor or in OnOpen.
func (r *Request) Keep() { r.flags.set(wasKept) }

// forget lets go of what Keep would have kept.
func (r *Request) forget() {
	if !r.flags.has(wasKept) {
		r.head.Store(nil)
	}
}

// opening returns the header.
func (r *Request) opening() *handshake.Request {
	head := r.head.Load()
	if head == nil {
		panic("app: header, cookies and query of a Request are gone after OnOpen; call Request.Keep in OnOpen or before")
	}
	return head
}

// Path returns the path as it was sent, without query and not unescaped.
func (r *Request) Path() string { return r.path }

// Pattern returns the pattern of the route, complete with its prefixes.
func (r *Request) Pattern() string { return r.route.pattern }

// Params returns the path's parameters. They must not be changed.
func (r *Request) Params() *router.Match {
	if r.given.params == nil {
		return new(router.Match)
	}
	return r.given.params
}

// Query returns the parsed query. What of it can't be parsed is left out.
func (r *Request) Query() url.Values {
	q, _ := url.ParseQuery(r.opening().RawQuery()) // the rest is all there is
	return q
}

// Header returns the value of the first field of that name, in any case of
// letters, or "".
func (r *Request) Header(name string) string { return r.opening().Get(name) }

// HeaderValues returns the values of all fields of that name, in order.
func (r *Request) HeaderValues(name string) []string {
	return slices.Collect(r.opening().Values(name))
}

// Cookie returns the value of the cookie called name.
func (r *Request) Cookie(name string) (value string, ok bool) {
	for field := range r.opening().Values("Cookie") {
		cookies, err := http.ParseCookie(field)
		if err != nil {
			continue // no cookie of ours is in there
		}
		for _, c := range cookies {
			if c.Name == name {
				return c.Value, true
			}
		}
	}
	return "", false
}

// Host returns host and port as the client asked for them: behind a trusted proxy,
// what the proxy says.
func (r *Request) Host() string { return r.host.Value() }

// Secure reports whether the client came over TLS: behind a trusted proxy, to the
// proxy.
func (r *Request) Secure() bool { return r.scheme == handshake.HTTPS }

// ClientAddress returns the client's address: behind trusted proxies, what they say
// it is, with port 0 where they don't say. On a unix socket it is 127.0.0.1 with
// port 0, which Config.TrustedProxies may name; where there is no IP address at all
// it is the zero AddrPort.
func (r *Request) ClientAddress() netip.AddrPort { return netip.AddrPortFrom(r.client, r.port) }

// TLS returns the state of the TLS connection that ends here, with the client's
// verified certificates if it was asked for some (Config.TLS), or nil.
func (r *Request) TLS() *tls.ConnectionState { return r.given.tls }

// Server returns the server that the request came to.
func (r *Request) Server() *Server { return r.server }

// Set sets a value, which Conn.Get finds later. Keys of a type of your own don't
// clash with others'.
func (r *Request) Set(key, value any) { r.values.set(key, value) }

// Get returns what was set under key, or nil.
func (r *Request) Get(key any) any { return r.values.get(key) }

// unanswered returns the answer to be, for a method that changes it.
func (r *Request) unanswered(method string) *answer {
	if r.answer == nil {
		panic("app: Request." + method + " after the handshake was answered; call it in an Acceptor, before OnOpen")
	}
	return r.answer
}

// AddHeader adds a field to the answer. One that can't be there, such as the
// handshake's own, makes the request fail with 500.
func (r *Request) AddHeader(name, value string) {
	a := r.unanswered("AddHeader")
	a.Fields = append(a.Fields, handshake.Field{Name: name, Value: value})
}

// SetCookie adds a cookie to the answer. An invalid one is left out.
func (r *Request) SetCookie(c *http.Cookie) {
	a := r.unanswered("SetCookie")
	if text := c.String(); text != "" {
		a.Fields = append(a.Fields, handshake.Field{Name: "Set-Cookie", Value: text})
	}
}

// SelectSubprotocol chooses the subprotocol in place of Config.Subprotocols. It
// must be one that the client offers, or the request fails with 500.
func (r *Request) SelectSubprotocol(name string) {
	r.unanswered("SelectSubprotocol").Subprotocol = name
}

// Subprotocols returns what the client offers, in its order of preference.
func (r *Request) Subprotocols() []string { return slices.Collect(r.opening().Subprotocols()) }

// ExpireAt is Conn.ExpireAt for the connection to be.
func (r *Request) ExpireAt(t time.Time, recheck func(*Conn) (time.Time, error)) {
	r.unanswered("ExpireAt").expires = expiry{at: t, recheck: recheck}
}

// values are a user's values, the last one set first. Few are expected.
type values struct{ first *value }

type value struct {
	key, value any
	next       *value
}

func (v *values) set(key, val any) {
	if at := v.find(key); at != nil {
		at.value = val
		return
	}
	v.first = &value{key, val, v.first}
}

func (v *values) get(key any) any {
	if at := v.find(key); at != nil {
		return at.value
	}
	return nil
}

func (v *values) find(key any) *value {
	for at := v.first; at != nil; at = at.next {
		if at.key == key {
			return at
		}
	}
	return nil
}
