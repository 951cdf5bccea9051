package limit

import "net/netip"

// defaultIPv6Bits is how much of an IPv6 address tells clients apart: a subnet.
const defaultIPv6Bits = 64

// client is who is counted: an IPv4 address as mapped to IPv6, or an IPv6 prefix. It holds no
// pointer, so that maps of clients cost the garbage collector nothing.
type client [16]byte

// nobody stands for an unknown address. It is a multicast address, so no peer has it.
var nobody = client{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

// clientOf returns who has an address.
func clientOf(a netip.Addr, ipv6Bits int) client {
	a = a.Unmap()
	if !a.IsValid() {
		return nobody
	}
	if a.Is6() {
		p, err := a.Prefix(ipv6Bits)
		if err != nil {
			panic("limit: " + err.Error()) // orIPv6Bits has seen to it
		}
		a = p.Addr()
	}
	return a.As16()
}

// orIPv6Bits applies the default to a length of prefix; beyond the address's, it is the address's.
func orIPv6Bits(bits int) int {
	switch {
	case bits == 0:
		return defaultIPv6Bits
	case bits < 0 || bits > 128:
		return 128
	}
	return bits
}
