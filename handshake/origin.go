package handshake

import (
	"fmt"
	"net/netip"
	"strings"
)

// Scheme says how the connection came in. Origins compares it with the Origin's.
type Scheme uint8

const (
	HTTP  Scheme = iota // plain TCP: ws and http
	HTTPS               // over TLS: wss and https
)

// String returns "http" or "https".
func (s Scheme) String() string {
	if s == HTTPS {
		return "https"
	}
	return "http"
}

// Origins says which pages may connect (RFC 6455 §10.2). Browsers send an Origin that pages can't
// forge; other clients send what they like or none, so this protects users of browsers and is no
// substitute for authentication. The zero value accepts requests without an Origin, and those of
// the same origin: the scheme of the connection, and the host and port of the Host field. What the
// fields below accept is added to that. Sec-WebSocket-Origin, of drafts, is ignored.
type Origins struct {
	// AllowAny accepts every Origin. Two Origin fields are refused all the same.
	AllowAny bool
	// Allow lists patterns of further origins: [scheme "://"] host [":" port]. Without a scheme, any is
	// meant; without a port, the scheme's default. The port may be "*". The host may begin with "*.",
	// which stands for one or more labels (not for none), or be "*" where a scheme is given. Letters
	// match in any case. A malformed pattern matches nothing: Validate finds it.
	Allow []string
	// LocalFiles accepts the origins "null" and "file://", as pages opened from a file have, from
	// loopback peers only. Behind a proxy on the same machine every peer is one.
	LocalFiles bool
}

// Validate reports the first pattern of Allow that is malformed.
func (o *Origins) Validate() error {
	for _, s := range o.Allow {
		if _, fault := parsePattern(s); fault != "" {
			return fmt.Errorf("handshake: origin pattern %q: %s", s, fault)
		}
	}
	return nil
}

// allows judges the value of an Origin field that is there. host and port are the request's Host.
func (o *Origins) allows(value string, scheme Scheme, host string, port int, peer netip.Addr) bool {
	if o.AllowAny {
		return true
	}
	if value == "null" || value == "file://" {
		return o.LocalFiles && peer.IsLoopback()
	}
	got, ok := parseOrigin(value)
	if !ok {
		return false
	}
	if equalFold(got.scheme, scheme.String()) && equalFold(got.host, host) && got.port == orDefaultPort(port, got.scheme) {
		return true
	}
	for _, s := range o.Allow {
		if p, fault := parsePattern(s); fault == "" && p.matches(got) {
			return true
		}
	}
	return false
}

// origin is an Origin field taken to pieces (RFC 6454 §7).
type origin struct {
	scheme, host string
	port         int // the scheme's default where absent, or noPort
}

// parseOrigin parses scheme://host[:port]; no path may follow, not even "/".
func parseOrigin(s string) (origin, bool) {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok || !isScheme(scheme) {
		return origin{}, false
	}
	host, port, ok := splitHost(rest)
	return origin{scheme, host, orDefaultPort(port, scheme)}, ok
}

// orDefaultPort gives an absent port the default of its scheme, if that has one.
func orDefaultPort(port int, scheme string) int {
	switch {
	case port != noPort:
		return port
	case equalFold(scheme, "http"):
		return 80
	case equalFold(scheme, "https"):
		return 443
	}
	return noPort
}

// pattern is one element of Origins.Allow.
type pattern struct {
	scheme  string // "" means any
	host    string // without the "*" before it, where wild is set: "" or a dot and a name
	wild    bool   // host is what the origin's must end with
	port    int
	anyPort bool
}

// parsePattern parses an element of Allow; fault says what is wrong with it, or is "". It leans on
// '*' being a legal byte of a host (RFC 3986 §3.2.2).
func parsePattern(s string) (p pattern, fault string) {
	if s == "null" || s == "file://" {
		return pattern{}, "set LocalFiles to accept pages opened from a file"
	}
	rest := s
	if scheme, after, ok := strings.Cut(s, "://"); ok {
		if !isScheme(scheme) {
			return pattern{}, "bad scheme"
		}
		p.scheme, rest = scheme, after
	}
	rest, p.anyPort = strings.CutSuffix(rest, ":*")
	host, port, ok := splitHost(rest)
	p.host, p.wild = strings.CutPrefix(host, "*")
	p.port = port
	switch {
	case !ok || strings.Contains(p.host, "*") || p.anyPort && port != noPort:
		return pattern{}, "want [scheme://]host[:port], with * as the first label or as the port only"
	case p.wild && p.host == "" && p.scheme == "":
		return pattern{}, "a host of * needs a scheme; set AllowAny to accept any origin"
	case p.wild && p.host != "" && (p.host[0] != '.' || p.host == "."):
		return pattern{}, "* stands for whole labels: want *.example.com"
	}
	return p, ""
}

// matches reports whether the pattern covers o.
func (p pattern) matches(o origin) bool {
	if p.scheme != "" && !equalFold(p.scheme, o.scheme) {
		return false
	}
	if !p.anyPort && orDefaultPort(p.port, o.scheme) != o.port {
		return false
	}
	if !p.wild {
		return equalFold(p.host, o.host)
	}
	return len(o.host) > len(p.host) && equalFold(o.host[len(o.host)-len(p.host):], p.host)
}
