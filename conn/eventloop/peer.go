//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package eventloop

import (
	"net"
	"net/netip"
)

// peer is the other end's address, in less than half the room of package net's.
type peer struct {
	ip   [16]byte // of IPv4 the mapped one
	port uint16
	zone uint16 // the index of an interface, for a link-local address
}

// peerOf returns addr, if it is one of TCP.
func peerOf(addr net.Addr) peer {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		return peer{}
	}
	at := tcp.AddrPort()
	p := peer{ip: at.Addr().As16(), port: at.Port()}
	if tcp.Zone != "" {
		if i, err := net.InterfaceByName(tcp.Zone); err == nil && i.Index < 1<<16 {
			p.zone = uint16(i.Index)
		}
	}
	return p
}

// addr returns the address.
func (p *peer) addr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(p.addrIP(), p.port))
}

// addrIP returns the IP address.
func (p *peer) addrIP() netip.Addr {
	ip := netip.AddrFrom16(p.ip).Unmap()
	if p.zone != 0 {
		if i, err := net.InterfaceByIndex(int(p.zone)); err == nil {
			ip = ip.WithZone(i.Name)
		}
	}
	return ip
}

// ownAddr is an address of ours, as the loops know those that have it: of TCP, or the
// name of a unix socket.
type ownAddr struct {
	tcp  peer
	unix string
	file bool // it is that of a unix socket, which may have no name
}

// ownAddrOf returns the address that package net has as addr.
func ownAddrOf(addr net.Addr) ownAddr {
	if at, ok := addr.(*net.UnixAddr); ok {
		return ownAddr{unix: at.Name, file: true}
	}
	return ownAddr{tcp: peerOf(addr)}
}

// addr returns the address.
func (a *ownAddr) addr() net.Addr {
	if a.file {
		return &net.UnixAddr{Name: a.unix, Net: "unix"}
	}
	return a.tcp.addr()
}
