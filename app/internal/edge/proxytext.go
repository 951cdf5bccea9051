package edge

import (
	"bytes"
	"net/netip"
	"strings"
)

// maxText is the longest header of version 1, its CRLF included (PROXY protocol §2.1).
const maxText = 107

// parseText reads a header of version 1, whose signature has been seen (PROXY protocol §2.1):
//
//	PROXY TCP4 192.0.2.1 192.0.2.2 56324 443 CRLF
//	PROXY TCP6 2001:db8::1 2001:db8::2 56324 443 CRLF
//	PROXY UNKNOWN anything CRLF
//
// with one space between the parts and nothing else.
func parseText(b []byte) (src netip.AddrPort, n int, err error) {
	b = b[:min(len(b), maxText)]
	end := bytes.IndexAny(b, "\r\n")
	switch {
	case (end < 0 || end == len(b)-1 && b[end] == '\r') && len(b) < maxText:
		return netip.AddrPort{}, 0, ErrShort
	case end < 0 || end == len(b)-1:
		return netip.AddrPort{}, 0, headerFault("line does not end in CRLF, or too late")
	case b[end] != '\r' || b[end+1] != '\n':
		return netip.AddrPort{}, 0, headerFault("line does not end in CRLF")
	}
	family, endpoints, _ := strings.Cut(string(b[len(textSignature):end]), " ")
	switch family {
	case "UNKNOWN":
		return netip.AddrPort{}, end + 2, nil
	case "TCP4", "TCP6":
	default:
		return netip.AddrPort{}, 0, headerFault("protocol is none of TCP4, TCP6 and UNKNOWN")
	}
	src, ok := parseEndpoints(endpoints, family == "TCP4")
	if !ok {
		return netip.AddrPort{}, 0, headerFault("want two addresses of the family and two ports")
	}
	return src, end + 2, nil
}

// parseEndpoints reads source address, destination address, source port and destination port, and
// returns the source. The destination must be right all the same.
func parseEndpoints(s string, is4 bool) (src netip.AddrPort, ok bool) {
	srcAddr, s, _ := strings.Cut(s, " ")
	dstAddr, s, _ := strings.Cut(s, " ")
	srcPort, dstPort, _ := strings.Cut(s, " ")
	addr, okAddr := parseTextAddr(srcAddr, is4)
	_, okDst := parseTextAddr(dstAddr, is4)
	port, okPort := parseTextPort(srcPort)
	_, okDstPort := parseTextPort(dstPort)
	return netip.AddrPortFrom(addr.Unmap(), port), okAddr && okDst && okPort && okDstPort
}

func parseTextAddr(s string, is4 bool) (netip.Addr, bool) {
	a, err := netip.ParseAddr(s)
	return a, err == nil && a.Is4() == is4 && a.Zone() == ""
}

// parseTextPort refuses leading zeros, as the specification does.
func parseTextPort(s string) (uint16, bool) {
	port, ok := parsePort(s)
	return port, ok && (s == "0" || s[0] != '0')
}
