package proxy

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
)

// The numbers of SOCKS 5 (RFC 1928 §3 to §6) and of its user name and password (RFC 1929 §2).
const (
	socksVersion    = 5
	passwordVersion = 1

	methodNone     = 0x00
	methodPassword = 0x02
	methodRefused  = 0xff

	commandConnect = 1

	addressIPv4 = 1
	addressName = 3
	addressIPv6 = 4

	succeeded = 0
)

// socksConnector asks for a connection with SOCKS 5.
func socksConnector(to address, user *url.Userinfo) (connectFunc, error) {
	greeting, login, err := socksGreeting(user)
	if err != nil {
		return nil, err
	}
	return func(_ context.Context, conn net.Conn) (net.Conn, error) {
		if err := socksLogin(conn, greeting, login); err != nil {
			return nil, err
		}
		return conn, socksConnect(conn, to)
	}, nil
}

// resolve returns an address of host, IPv4 if it has one: a proxy need not speak IPv6 because we do.
func resolve(ctx context.Context, host string) (netip.Addr, error) {
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return netip.Addr{}, err
	}
	return choose(ips), nil
}

// choose returns the first IPv4 address among ips, or if there is none the first. The resolver gives at
// least one.
func choose(ips []netip.Addr) netip.Addr {
	for _, ip := range ips {
		if ip.Unmap().Is4() {
			return ip.Unmap()
		}
	}
	return ips[0].WithZone("")
}

// socksGreeting returns the greeting with the methods we can use, and the request of RFC 1929 §2 to
// use when the proxy wants a password; nil without credentials.
//
//	greeting: | 5 | number of methods | methods … |
//	login:    | 1 | length | user … | length | password … |
func socksGreeting(user *url.Userinfo) (greeting, login []byte, err error) {
	if user == nil {
		return []byte{socksVersion, 1, methodNone}, nil, nil
	}
	name := user.Username()
	password, _ := user.Password()
	if name == "" || len(name) > 255 || len(password) > 255 {
		return nil, nil, fmt.Errorf("%w: user name or password too long, or no user name", ErrURL)
	}
	login = append(login, passwordVersion, byte(len(name)))
	login = append(login, name...)
	login = append(login, byte(len(password)))
	login = append(login, password...)
	return []byte{socksVersion, 2, methodNone, methodPassword}, login, nil
}

// socksLogin sends the greeting and does what the proxy then asks for (RFC 1928 §3, RFC 1929 §2).
func socksLogin(conn net.Conn, greeting, login []byte) error {
	var reply [2]byte
	if err := exchange(conn, greeting, reply[:]); err != nil {
		return err
	}
	switch {
	case reply[0] != socksVersion:
		return fmt.Errorf("%w: not SOCKS 5", ErrReply)
	case reply[1] == methodNone:
		return nil
	case reply[1] == methodRefused && login == nil:
		return &refusal{"authentication required"}
	case reply[1] == methodRefused:
		return &refusal{"it takes no password"}
	case reply[1] != methodPassword || login == nil:
		return fmt.Errorf("%w: method that was not offered", ErrReply)
	}
	if err := exchange(conn, login, reply[:]); err != nil {
		return err
	}
	switch {
	case reply[0] != passwordVersion:
		return fmt.Errorf("%w: authentication", ErrReply)
	case reply[1] != succeeded:
		return &refusal{"wrong user name or password"}
	}
	return nil
}

// socksConnect asks for the connection (RFC 1928 §4, §6). It reads the reply to its last byte and not
// beyond, so nothing of the target's is taken.
//
//	request, reply: | 5 | command, result | 0 | address type | address … | port, 2 bytes |
func socksConnect(conn net.Conn, to address) error {
	var head [4]byte
	if err := exchange(conn, appendSocksRequest(nil, to), head[:]); err != nil {
		return err
	}
	if head[0] != socksVersion || head[2] != 0 {
		return fmt.Errorf("%w: not SOCKS 5", ErrReply)
	}
	if head[1] != succeeded {
		return &refusal{socksReason(head[1])}
	}
	return skipBound(conn, head[3])
}

// skipBound reads the rest of a reply: the address, of the given type, that the proxy connects from.
// It is of no use to us.
func skipBound(conn net.Conn, addressType byte) error {
	var bound [maxHost + 2]byte
	var size int
	switch addressType {
	case addressIPv4:
		size = net.IPv4len
	case addressIPv6:
		size = net.IPv6len
	case addressName:
		if err := readFull(conn, bound[:1]); err != nil {
			return err
		}
		size = int(bound[0])
	default:
		return fmt.Errorf("%w: address type", ErrReply)
	}
	return readFull(conn, bound[:size+2])
}

// appendSocksRequest appends the request to connect to an address, by IP if there is one.
func appendSocksRequest(dst []byte, to address) []byte {
	dst = append(dst, socksVersion, commandConnect, 0)
	switch ip := to.ip.Unmap(); {
	case ip.Is4():
		dst = append(dst, addressIPv4)
		dst = append(dst, ip.AsSlice()...)
	case ip.Is6():
		dst = append(dst, addressIPv6)
		dst = append(dst, ip.AsSlice()...)
	default:
		dst = append(dst, addressName, byte(len(to.host))) // parseTarget allows maxHost bytes
		dst = append(dst, to.host...)
	}
	return binary.BigEndian.AppendUint16(dst, to.port)
}

// socksReason says why a proxy refused (RFC 1928 §6).
func socksReason(result byte) string {
	switch result {
	case 1:
		return "general failure"
	case 2:
		return "not allowed by its rules"
	case 3:
		return "network unreachable"
	case 4:
		return "host unreachable"
	case 5:
		return "connection refused"
	case 6:
		return "time to live expired"
	case 7:
		return "command not supported"
	case 8:
		return "address type not supported"
	}
	return fmt.Sprintf("unknown error %d", result)
}

// exchange sends a request and reads a reply of fixed length.
func exchange(conn net.Conn, request, reply []byte) error {
	if _, err := conn.Write(request); err != nil {
		return err
	}
	return readFull(conn, reply)
}

// readFull fills p. If conn ends before, the error is io.ErrUnexpectedEOF.
func readFull(conn net.Conn, p []byte) error {
	_, err := io.ReadFull(conn, p)
	return unexpected(err)
}
