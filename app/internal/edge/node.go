package edge

import (
	"net/netip"
	"strconv"
	"strings"
)

// parseNode reads who a hop speaks for, in the grammar of RFC 7239 §6 and in what proxies write to
// X-Forwarded-For: an IPv4 address with or without port, an IPv6 address, the same in brackets with or
// without port. An identifier that hides the address ("unknown", "_name"), or none, gives an
// invalid AddrPort. A port that isn't given, or hides itself as "_name", is 0. ok is false for all
// else, zones included.
func parseNode(s string) (node netip.AddrPort, ok bool) {
	if isHidden(s) {
		return netip.AddrPort{}, true
	}
	host, port, hasPort := s, "", false
	switch {
	case s[0] == '[':
		if host, port, ok = strings.Cut(s[1:], "]"); !ok {
			return netip.AddrPort{}, false
		}
		if port, hasPort = strings.CutPrefix(port, ":"); !hasPort && port != "" {
			return netip.AddrPort{}, false
		}
	case strings.Count(s, ":") == 1: // an IPv6 address has more
		host, port, hasPort = strings.Cut(s, ":")
	}
	addr, err := netip.ParseAddr(host)
	if err != nil || addr.Zone() != "" || s[0] == '[' && addr.Is4() {
		return netip.AddrPort{}, false
	}
	number := uint16(0)
	if hasPort {
		if number, ok = parseNodePort(port); !ok {
			return netip.AddrPort{}, false
		}
	}
	return netip.AddrPortFrom(addr.Unmap(), number), true
}

// isHidden reports whether a node hides its address (RFC 7239 §6.2, §6.3), with or without a port.
func isHidden(s string) bool {
	if s == "" || s[0] == '_' {
		return true
	}
	const unknown = "unknown"
	return len(s) >= len(unknown) && equalFold(s[:len(unknown)], unknown) && (len(s) == len(unknown) || s[len(unknown)] == ':')
}

// parseNodePort reads up to five digits, or a hidden port (RFC 7239 §6.3), which is 0.
func parseNodePort(s string) (uint16, bool) {
	if s != "" && s[0] == '_' {
		return 0, true
	}
	return parsePort(s)
}

// parsePort reads one to five digits that make 0 to 65535.
func parsePort(s string) (uint16, bool) {
	if len(s) > len("65535") {
		return 0, false
	}
	n, err := strconv.ParseUint(s, 10, 16)
	return uint16(n), err == nil
}
