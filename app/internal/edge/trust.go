package edge

import (
	"net/netip"
	"slices"
)

// Trust is which addresses are proxies that tell the truth. The zero value trusts none. It is
// immutable; the copies of one share its memory.
type Trust struct {
	prefixes []netip.Prefix
}

// NewTrust trusts the addresses in prefixes. A prefix of IPv4 addresses in IPv6 clothes, such as
// ::ffff:192.0.2.0/120, means the IPv4 addresses; ::/0 means IPv6 alone. The zero Prefix contains
// nothing. prefixes is copied.
func NewTrust(prefixes []netip.Prefix) Trust {
	t := Trust{slices.Clone(prefixes)}
	for i, p := range t.prefixes {
		if p.Addr().Is4In6() && p.Bits() >= 96 {
			t.prefixes[i] = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
	}
	return t
}

// Contains reports whether a is a trusted proxy. It looks at the prefixes one after the other. A
// zone doesn't matter; the zero Addr is not trusted.
func (t Trust) Contains(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	for _, p := range t.prefixes {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
