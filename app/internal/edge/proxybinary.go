package edge

import (
	"encoding/binary"
	"net/netip"
)

// A header of version 2 (PROXY protocol §2.2):
//
//	 0     12 bytes  signature
//	12     4 bits    version, 2
//	       4 bits    command: 0 LOCAL, 1 PROXY
//	13     4 bits    family: 0 UNSPEC, 1 IPv4, 2 IPv6, 3 unix
//	       4 bits    transport: 0 UNSPEC, 1 stream, 2 datagram
//	14     2 bytes   length of what follows
//	16     4, 16 or 108 bytes each: source and destination address
//	       2 bytes each, not with unix: source and destination port
//	       the rest: TLVs
const (
	binaryPrefix = 16

	commandLocal = 0x20
	commandProxy = 0x21

	sizeIPv4 = 2*4 + 2*2
	sizeIPv6 = 2*16 + 2*2
	sizeUnix = 2 * 108
)

// parseBinary reads a header of version 2, whose signature has been seen. It goes wrong as soon as
// the 16 bytes are there, before what they announce.
func parseBinary(b []byte) (src netip.AddrPort, local bool, n int, err error) {
	if len(b) < binaryPrefix {
		return netip.AddrPort{}, false, 0, ErrShort
	}
	command, family, size := b[12], b[13], int(binary.BigEndian.Uint16(b[14:]))
	addresses, known := addressSize(family)
	switch {
	case command != commandLocal && command != commandProxy:
		err = headerFault("version is not 2, or the command unknown")
	case binaryPrefix+size > MaxProxyHeader:
		err = headerFault("too long")
	case command == commandProxy && !known:
		err = headerFault("unknown family or transport")
	case command == commandProxy && size < addresses:
		err = headerFault("shorter than its addresses")
	case len(b) < binaryPrefix+size:
		err = ErrShort
	}
	if err != nil {
		return netip.AddrPort{}, false, 0, err
	}
	if command == commandLocal { // the family is ignored
		return netip.AddrPort{}, true, binaryPrefix + size, nil
	}
	return binarySource(b[binaryPrefix:], addresses), false, binaryPrefix + size, nil
}

// addressSize returns how many bytes the addresses and ports of a family take.
func addressSize(family byte) (size int, known bool) {
	switch family {
	case 0x00:
		return 0, true
	case 0x11, 0x12:
		return sizeIPv4, true
	case 0x21, 0x22:
		return sizeIPv6, true
	case 0x31, 0x32:
		return sizeUnix, true
	}
	return 0, false
}

// binarySource reads the source of the two IP families; others have none.
func binarySource(b []byte, size int) netip.AddrPort {
	switch size {
	case sizeIPv4:
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(b)), binary.BigEndian.Uint16(b[8:]))
	case sizeIPv6:
		return netip.AddrPortFrom(netip.AddrFrom16([16]byte(b)).Unmap(), binary.BigEndian.Uint16(b[32:]))
	}
	return netip.AddrPort{}
}
