package proxy

import (
	"net"
	"net/netip"
	"strings"
)

// matches reports whether one entry of NO_PROXY, in lower case, covers a target. host is the
// target's canonical host, ip the same as an address, without zone; the zero Addr, which is in no range
// and equal to no address, if it is a name.
func matches(entry, host string, ip netip.Addr, port string) bool {
	if entry == "*" {
		return true
	}
	if prefix, err := netip.ParsePrefix(entry); err == nil {
		return prefix.Contains(ip)
	}
	name, entryPort := splitEntry(entry)
	if name == "" || entryPort != "" && entryPort != port {
		return false
	}
	if addr, err := netip.ParseAddr(name); err == nil {
		return addr.Unmap() == ip
	}
	return !ip.IsValid() && matchesName(name, host)
}

// splitEntry splits an entry into its host, without brackets, and its port, which may be empty.
func splitEntry(entry string) (name, port string) {
	if _, err := netip.ParseAddr(entry); err == nil {
		return entry, "" // the last colon of an IPv6 address starts no port
	}
	if h, p, err := net.SplitHostPort(entry); err == nil {
		return h, p
	}
	return strings.TrimSuffix(strings.TrimPrefix(entry, "["), "]"), ""
}

// matchesName reports whether host is name or below it; with a dot in front, only below it.
func matchesName(name, host string) bool {
	if below, ok := strings.CutPrefix(name, "*."); ok {
		name = "." + below
	}
	below, onlyBelow := strings.CutPrefix(canonicalHost(name), ".")
	if below == "" {
		return false
	}
	return !onlyBelow && host == below || strings.HasSuffix(host, "."+below)
}
