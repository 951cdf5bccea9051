package proxy

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// The schemes of a proxy's URL.
const (
	schemeHTTP    = "http"    // CONNECT
	schemeHTTPS   = "https"   // CONNECT over TLS
	schemeSOCKS5  = "socks5"  // SOCKS 5, the target's name resolved here
	schemeSOCKS5H = "socks5h" // SOCKS 5, the target's name resolved by the proxy
)

// server is a proxy as its URL describes it.
type server struct {
	scheme string
	name   string // scheme://host, as the URL has it, without credentials: for errors
	host   string // what its certificate must be for
	addr   string // host:port to dial
	user   *url.Userinfo
}

// serverOf reads a proxy's URL. Its path, query and fragment mean nothing and are ignored.
func serverOf(u *url.URL) (server, error) {
	s := server{scheme: strings.ToLower(u.Scheme), host: u.Hostname(), user: u.User}
	s.name = s.scheme + "://" + u.Host
	port := u.Port()
	switch s.scheme {
	case schemeHTTP:
		port = orDefault(port, "80")
	case schemeHTTPS:
		port = orDefault(port, "443")
	case schemeSOCKS5, schemeSOCKS5H:
		port = orDefault(port, "1080")
	default:
		return server{}, fmt.Errorf("%w: unknown scheme", ErrURL)
	}
	if s.host == "" || strings.Contains(s.host, "@") { // then credentials would end up in s.name
		return server{}, fmt.Errorf("%w: no host", ErrURL)
	}
	if !validPort(port) {
		return server{}, fmt.Errorf("%w: no such port", ErrURL)
	}
	s.addr = net.JoinHostPort(s.host, port)
	return s, nil
}

func orDefault(port, ifEmpty string) string {
	if port == "" {
		return ifEmpty
	}
	return port
}

// validPort reports whether port is a decimal number from 1 to 65535.
func validPort(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n > 0
}

// address is where the proxy shall connect to.
type address struct {
	host string
	ip   netip.Addr // host as an address; the zero Addr if it is a name
	port uint16
}

// parseTarget reads host:port. The host is an IP address without a zone, or a name in ASCII: what
// else a name could hold would change the meaning of a CONNECT line.
func parseTarget(target string) (address, error) {
	host, port, err := net.SplitHostPort(target)
	if err != nil || !validPort(port) {
		return address{}, fmt.Errorf("proxy: %w %q: want host:port", ErrTarget, target)
	}
	n, _ := strconv.ParseUint(port, 10, 16) // validPort has checked it
	a := address{host: host, port: uint16(n)}
	if ip, err := netip.ParseAddr(host); err == nil && ip.Zone() == "" {
		a.ip = ip
		return a, nil
	}
	if host == "" || len(host) > maxHost || strings.ContainsFunc(host, notInName) {
		return address{}, fmt.Errorf("proxy: %w %q: not a host", ErrTarget, target)
	}
	return a, nil
}

// maxHost is the longest host name, in bytes: what SOCKS can carry (RFC 1928 §5), and what DNS can.
const maxHost = 255

// notInName reports whether r may not stand in a host name (RFC 3986 §3.2.2, unreserved).
func notInName(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return false
	}
	return !strings.ContainsRune("-._~", r)
}

// String returns host:port, an IPv6 address in brackets.
func (a address) String() string {
	return net.JoinHostPort(a.host, strconv.Itoa(int(a.port)))
}
