package eventloop

import (
	"encoding/binary"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

// acceptNow accepts a connection that waits in a listener, which doesn't block, and
// returns its descriptor and who is at the other end. Like the calls of package sock it
// doesn't tell the scheduler.
func acceptNow(listener int32) (int32, peer, error) {
	var from unix.RawSockaddrAny
	size := uint32(unix.SizeofSockaddrAny)
	fd, _, errno := unix.RawSyscall6(unix.SYS_ACCEPT4, uintptr(listener), uintptr(unsafe.Pointer(&from)), uintptr(unsafe.Pointer(&size)),
		unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0, 0)
	if errno != 0 {
		return -1, peer{}, errno
	}
	return int32(fd), peerIn(&from), nil
}

// localOf returns a TCP socket's own address.
func localOf(fd int32) peer {
	var own unix.RawSockaddrAny
	size := uint32(unix.SizeofSockaddrAny)
	_, _, errno := unix.RawSyscall(unix.SYS_GETSOCKNAME, uintptr(fd), uintptr(unsafe.Pointer(&own)), uintptr(unsafe.Pointer(&size)))
	if errno != 0 {
		return peer{} // the client is gone
	}
	return peerIn(&own)
}

// peerIn returns the address in sa, if it is one of TCP.
func peerIn(sa *unix.RawSockaddrAny) peer {
	switch sa.Addr.Family {
	case unix.AF_INET:
		in := (*unix.RawSockaddrInet4)(unsafe.Pointer(sa))
		return peer{ip: netip.AddrFrom4(in.Addr).As16(), port: portOf(in.Port)}
	case unix.AF_INET6:
		in := (*unix.RawSockaddrInet6)(unsafe.Pointer(sa))
		return peer{ip: in.Addr, port: portOf(in.Port), zone: uint16(in.Scope_id)}
	}
	return peer{}
}

// portOf returns a port that is stored in the network's order.
func portOf(stored uint16) uint16 {
	var b [2]byte
	binary.NativeEndian.PutUint16(b[:], stored)
	return binary.BigEndian.Uint16(b[:])
}
