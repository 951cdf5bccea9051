package handshake

import (
	"net/netip"
	"strings"
)

// noPort stands for an absent port.
const noPort = -1

// ValidHost reports whether s may stand in a Host field: host [":" port] (RFC 9110 §7.2), as Check
// asks of it. It is for hosts that come by other ways, such as a proxy's fields.
func ValidHost(s string) bool {
	_, _, ok := splitHost(s)
	return ok
}

// splitHost validates host [":" port] and takes it to pieces (RFC 9110 §7.2). The host is a name or
// an IPv4 address, or an IPv6 address with its brackets; there is no userinfo, no path and no zone.
// port is 0 to 65535, or noPort where it is absent or empty.
func splitHost(s string) (host string, port int, ok bool) {
	end := strings.LastIndexByte(s, ':')
	if end < strings.IndexByte(s, ']') { // the last colon is part of an IPv6 address, or there is none
		end = -1
	}
	host, port = s, noPort
	if end >= 0 {
		host = s[:end]
		if port, ok = parsePort(s[end+1:]); !ok {
			return "", 0, false
		}
	}
	if strings.HasPrefix(host, "[") {
		return host, port, isIPv6(host)
	}
	return host, port, isName(host)
}

// parsePort parses up to five digits; none at all mean noPort (RFC 3986 §3.2.3).
func parsePort(s string) (port int, ok bool) {
	if s == "" {
		return noPort, true
	}
	if len(s) > 5 || !all(s, isDigit) {
		return 0, false
	}
	for i := range len(s) {
		port = port*10 + int(s[i]-'0')
	}
	return port, port <= 65535
}

// isIPv6 accepts an IPv6 address in brackets. A zone means nothing to the other side and is refused.
func isIPv6(s string) bool {
	if len(s) < 4 || s[len(s)-1] != ']' {
		return false
	}
	a, err := netip.ParseAddr(s[1 : len(s)-1])
	return err == nil && a.Is6() && a.Zone() == ""
}

// isName accepts a reg-name of RFC 3986 §3.2.2, which IPv4 addresses are too, but not an empty one.
func isName(s string) bool {
	for i := range len(s) {
		if !isHostByte(s[i]) {
			return false
		}
		if s[i] == '%' && (i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2])) {
			return false
		}
	}
	return s != ""
}

func isHex(c byte) bool { return isDigit(c) || 'a' <= lower(c) && lower(c) <= 'f' }
