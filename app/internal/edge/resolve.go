package edge

import (
	"net/netip"
	"strings"

	"github.com/godwit-ws/godwit/handshake"
)

// Client is who is at the far end, as far as trusted proxies say so.
type Client struct {
	Addr   netip.AddrPort   // port 0 where a proxy doesn't say
	Scheme handshake.Scheme // how the client came to the outermost trusted proxy
	Host   string           // as the client asked for it; "" = the request's own
}

// Resolve finds out who sent r. direct is who is at the other end of the socket, and how it came;
// its address is invalid where nobody knows. An untrusted peer is returned as it is, apart from an
// IPv4 address in IPv6 clothes; for a trusted one the rules of the package apply, and what no proxy
// says stays as direct has it.
//
// A Host that isn't "" satisfies handshake.ValidHost and was set by a trusted proxy (or is direct's).
func (t Trust) Resolve(direct Client, r *handshake.Request) Client {
	direct.Addr = unmap(direct.Addr)
	if !t.Contains(direct.Addr.Addr()) {
		return direct
	}
	a, b := t.forwarded(direct.Addr, r.Fields), t.xForwarded(direct.Addr, r.Fields)
	if a.present && b.present {
		return direct.with(common(a, b, direct.Addr))
	}
	if b.present {
		a = b
	}
	return direct.with(a)
}

func unmap(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

// account is what one family of fields says of the client, as far as trusted hops vouch for it.
type account struct {
	present bool           // there are such fields
	addr    netip.AddrPort // the socket's peer where they say no better
	scheme  string         // as written; "" = not said
	host    string         // as written; "" = not said
}

// common is what two accounts say alike.
func common(a, b account, direct netip.AddrPort) account {
	both := account{present: true, addr: direct}
	if a.addr.Addr() != b.addr.Addr() {
		return both
	}
	if both.addr = a.addr; a.addr != b.addr {
		both.addr = netip.AddrPortFrom(a.addr.Addr(), 0)
	}
	if s, ok := parseScheme(a.scheme); ok {
		if other, ok := parseScheme(b.scheme); ok && s == other {
			both.scheme = a.scheme
		}
	}
	if equalFold(a.host, b.host) {
		both.host = a.host
	}
	return both
}

// with returns c with what a says.
func (c Client) with(a account) Client {
	c.Addr = a.addr
	if s, ok := parseScheme(a.scheme); ok {
		c.Scheme = s
	}
	if handshake.ValidHost(a.host) {
		c.Host = a.host
	}
	return c
}

// parseScheme reads the scheme of a field. A WebSocket's ws is http, as it is in an Origin.
func parseScheme(s string) (scheme handshake.Scheme, ok bool) {
	switch {
	case equalFold(s, "https"), equalFold(s, "wss"):
		return handshake.HTTPS, true
	case equalFold(s, "http"), equalFold(s, "ws"):
		return handshake.HTTP, true
	}
	return handshake.HTTP, false
}

// equalFold compares with something in ASCII, in any case of letters. The two letters beyond ASCII
// that fold to one in it take more bytes, so equal lengths keep them out.
func equalFold(s, ascii string) bool {
	return len(s) == len(ascii) && strings.EqualFold(s, ascii)
}
