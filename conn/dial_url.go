package conn

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// ErrURL is returned by Dial for what is no URL of a WebSocket server.
var ErrURL = errors.New("conn: not a ws:// or wss:// URL")

// parseURL parses the URL of a WebSocket server (RFC 6455 §3).
func parseURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, urlError(raw, err)
	case strings.Contains(raw, "#"): // also an empty fragment
		return nil, fmt.Errorf("%w: it has a fragment (write %%23 for a #)", ErrURL)
	}
	return checkURL(u)
}

// urlError makes an ErrURL of what url.Parse said of raw. It quotes nothing of a
// URL with an @: that may be a part of a password.
func urlError(raw string, err error) error {
	if parsing, ok := errors.AsType[*url.Error](err); ok && !strings.Contains(raw, "@") {
		return fmt.Errorf("%w: %w", ErrURL, parsing.Err)
	}
	return fmt.Errorf("%w: it can't be parsed", ErrURL)
}

// checkURL holds u to what RFC 6455 §3 wants, makes http and https what they mean
// here, and escapes what was left raw in the query, as browsers do: url.URL does
// so for the path only.
func checkURL(u *url.URL) (*url.URL, error) {
	switch u.Scheme {
	case "http":
		u.Scheme = "ws"
	case "https":
		u.Scheme = "wss"
	}
	switch {
	case u.Scheme != "ws" && u.Scheme != "wss":
		return nil, fmt.Errorf("%w: scheme %q", ErrURL, u.Scheme)
	case u.Hostname() == "":
		return nil, fmt.Errorf("%w: no host in it", ErrURL)
	case !validZone(u.Hostname()):
		return nil, fmt.Errorf("%w: a %% in the host, other than before the zone of an IPv6 address", ErrURL)
	}
	u.RawQuery = escapeRaw(u.RawQuery)
	return u, nil
}

// validZone holds what follows a % in a host, if anything does, to what names an
// interface behind an IPv6 address (RFC 6874 §2). The rest of a host is judged with
// the request that it stands in.
func validZone(host string) bool {
	address, zone, zoned := strings.Cut(host, "%")
	if !zoned {
		return true
	}
	foreign := func(r rune) bool { return r <= ' ' || r >= 0x7F || strings.ContainsRune("[]%/:@", r) }
	return strings.Contains(address, ":") && zone != "" && strings.IndexFunc(zone, foreign) < 0
}

// escapeRaw escapes spaces and bytes outside ASCII, which a request target can't
// hold, and leaves the rest of a query as it is.
func escapeRaw(query string) string {
	var b strings.Builder
	for i := range len(query) {
		if c := query[i]; c > ' ' && c < 0x7F {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// addrOfURL returns host and port to connect to.
func addrOfURL(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = defaultPort(u.Scheme)
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// hostOfURL returns the Host field: without the scheme's default port, and
// without an IPv6 address's zone, which means something on this machine only (RFC
// 6874 §4).
func hostOfURL(u *url.URL) string {
	host, _, _ := strings.Cut(u.Hostname(), "%")
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port := u.Port(); port != "" && port != defaultPort(u.Scheme) {
		host += ":" + port
	}
	return host
}

func defaultPort(scheme string) string {
	if scheme == "wss" {
		return "443"
	}
	return "80"
}

// asHTTP returns u as cookies know it.
func asHTTP(u *url.URL) *url.URL {
	same := *u
	same.Scheme = "http"
	if u.Scheme == "wss" {
		same.Scheme = "https"
	}
	return &same
}
