package handshake

import (
	"fmt"
	"net/netip"
	"strings"
)

// Check judges an opening request over HTTP/1.1 (RFC 6455 §4.2.1) and decides the answer
// (RFC 6455 §4.2.2). scheme is how the connection came in, peer the remote address (the zero Addr
// where there is none). On success the result goes to AppendAccepted.
//
// Faults are looked for in this order, and the first found is returned: ErrMethod, ErrHTTPVersion,
// ErrTarget, ErrBody, ErrDuplicate, ErrUpgrade, ErrVersion, ErrKey, ErrHost (and ErrTarget where an
// absolute target contradicts Host), ErrOrigin, ErrSubprotocol, ErrSubprotocolChoice, ErrExtension.
// Pass it to AppendRefusal.
//
// Nothing of r is kept. The only allocation is the accept key, and those that SelectSubprotocol
// brings with it.
func (p *Policy) Check(r *Request, scheme Scheme, peer netip.Addr) (Accepted, error) {
	o := gather(r.Fields)
	if err := checkForm(r, &o); err != nil {
		return Accepted{}, err
	}
	if err := o.checkUpgrade(); err != nil {
		return Accepted{}, err
	}
	a, err := p.negotiate(r, &o, scheme, peer)
	if err != nil {
		return Accepted{}, err
	}
	a.AcceptKey = AcceptKey(o.key.value)
	return a, nil
}

// single is a field that may stand once.
type single struct {
	value string
	n     int // how often it stood
}

func (s *single) add(value string) {
	s.value = value
	s.n++
}

// opening is what matters of an opening request's fields, gathered in one pass.
type opening struct {
	host, key, version, origin single
	body                       bool // Content-Length or Transfer-Encoding is there
	upgrade                    bool // Upgrade lists websocket
	connection                 bool // Connection lists upgrade
}

// gather reads fields once. Lists may be spread over repeated lines.
func gather(fields []Field) (o opening) {
	for i := range fields {
		name, value := fields[i].Name, fields[i].Value
		switch {
		case equalFold(name, "Host"):
			o.host.add(value)
		case equalFold(name, "Origin"):
			o.origin.add(value)
		case equalFold(name, "Upgrade"):
			o.upgrade = o.upgrade || hasToken(value, "websocket")
		case equalFold(name, "Connection"):
			o.connection = o.connection || hasToken(value, "upgrade")
		case equalFold(name, "Content-Length"), equalFold(name, "Transfer-Encoding"):
			o.body = true
		case equalFold(name, "Sec-WebSocket-Key"):
			o.key.add(value)
		case equalFold(name, "Sec-WebSocket-Version"):
			o.version.add(value)
		}
	}
	return o
}

// checkForm holds the request line and the set of fields to what an opening request may be.
func checkForm(r *Request, o *opening) error {
	if r.Method != "GET" {
		return ErrMethod
	}
	if !isHTTP1(r.Proto) || r.Proto == "HTTP/1.0" {
		return ErrHTTPVersion
	}
	if !strings.HasPrefix(r.Target, "/") && !isWebURL(r.Target) {
		return ErrTarget
	}
	if o.body {
		return ErrBody
	}
	if o.host.n > 1 || o.key.n > 1 || o.version.n > 1 || o.origin.n > 1 {
		return ErrDuplicate
	}
	return nil
}

// isWebURL reports whether target is absolute, with a scheme that WebSocket clients may write there
// (RFC 6455 §4.1).
func isWebURL(target string) bool {
	scheme, _, _, ok := splitAbsolute(target)
	return ok && (equalFold(scheme, "http") || equalFold(scheme, "https") || equalFold(scheme, "ws") || equalFold(scheme, "wss"))
}

// checkUpgrade holds the request to what only HTTP/1.1 asks of it (RFC 6455 §4.2.1): RFC 8441
// has the version, but neither Upgrade nor key.
func (o *opening) checkUpgrade() error {
	if !o.upgrade {
		return fmt.Errorf("%w: Upgrade does not list websocket", ErrUpgrade)
	}
	if !o.connection {
		return fmt.Errorf("%w: Connection does not list Upgrade", ErrUpgrade)
	}
	if o.version.value != "13" {
		return ErrVersion
	}
	if !isKey(o.key.value) {
		return ErrKey
	}
	return nil
}

// negotiate judges Host and Origin and chooses subprotocol and extensions: the part of the handshake
// that doesn't depend on the version of HTTP.
func (p *Policy) negotiate(r *Request, o *opening, scheme Scheme, peer netip.Addr) (a Accepted, err error) {
	host, port, ok := splitHost(o.host.value)
	if !ok {
		return a, ErrHost
	}
	if _, authority, _, ok := splitAbsolute(r.Target); ok && !equalFold(authority, o.host.value) {
		return a, fmt.Errorf("%w: it names another host than Host", ErrTarget)
	}
	if o.origin.n > 0 && !p.Origins.allows(o.origin.value, scheme, host, port, peer) {
		return a, fmt.Errorf("%w: %.128q", ErrOrigin, o.origin.value)
	}
	if a.Subprotocol, err = p.subprotocol(r.Fields); err != nil {
		return a, err
	}
	return a, p.extensions(r.Fields, &a)
}
