package console

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// LocalOnly allows requests from this machine: those whose peer has a loopback
// address and that name the server by one, or by localhost. Requests that a proxy
// has forwarded are not local, as far as the proxy says so (Forwarded, Via,
// X-Forwarded-For, X-Real-IP): behind one that says nothing and runs on this
// machine, set Config.Allow.
//
// That the server's name counts too keeps out pages that had their own host's name
// point to this machine.
func LocalOnly(r *http.Request) bool {
	for _, name := range []string{"Forwarded", "Via", "X-Forwarded-For", "X-Real-Ip"} {
		if len(r.Header[name]) > 0 {
			return false
		}
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && peer.Addr().Unmap().IsLoopback() && namesLoopback(r.Host)
}

// namesLoopback reports whether a Host field is a loopback address or localhost,
// with or without a port.
func namesLoopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.Unmap().IsLoopback()
	}
	return strings.EqualFold(host, "localhost")
}

// sameOrigin reports whether a request comes from the console's own page, or from no
// page, as far as the browser says so.
func sameOrigin(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
		return true
	}
	return false
}
