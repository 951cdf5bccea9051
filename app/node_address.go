package app

import (
	"fmt"
	"math"
	"net"
	"net/netip"
	"reflect"
	"strconv"
	"strings"
)

// maxNodePort is the highest port there is.
const maxNodePort = 65535

// What ValidatePort and ValidateTargetPort say, in the Python library's words.
const (
	portOutOfRange = "端口必须在1-65535之间"
	portNotInteger = "端口必须是整数"
	portBusy       = "端口已被占用或无法使用"
)

// ValidatePort reports whether a node could listen on a port now, and says so in the
// Python library's words. port may be an integer of any type, a float without
// fraction (as JSON has numbers), or a string of digits. That the port is free now
// is no promise: Start finds out for itself.
func ValidatePort(port any) (valid bool, message string) {
	number, fault := nodePortNumber(port)
	if fault != "" {
		return false, fault
	}
	l, err := net.Listen("tcp", ":"+strconv.Itoa(number))
	if err != nil {
		return false, portBusy
	}
	l.Close() // nothing was accepted
	return true, fmt.Sprintf("端口可用: %d", number)
}

// ValidateTargetPort is ValidatePort for a port of another node: any from 1 to
// 65535.
func ValidateTargetPort(port any) (valid bool, message string) {
	number, fault := nodePortNumber(port)
	if fault != "" {
		return false, fault
	}
	return true, fmt.Sprintf("端口有效: %d", number)
}

// nodePortNumber returns the number that port stands for, or what is wrong with it.
func nodePortNumber(port any) (number int, fault string) {
	var n float64
	switch v := reflect.ValueOf(port); {
	case v.IsValid() && v.CanInt():
		n = float64(v.Int())
	case v.IsValid() && v.CanUint():
		n = float64(v.Uint())
	case v.IsValid() && v.CanFloat():
		n = v.Float()
	case v.IsValid() && v.Kind() == reflect.String:
		parsed, err := strconv.ParseInt(strings.TrimSpace(v.String()), 10, 64)
		if err != nil {
			return 0, portNotInteger
		}
		n = float64(parsed)
	default:
		return 0, portNotInteger
	}
	switch {
	case n != math.Trunc(n): // NaN too
		return 0, portNotInteger
	case n < 1 || n > maxNodePort:
		return 0, portOutOfRange
	}
	return int(n), ""
}

// LocalIP returns the address of this machine that others most likely reach it by:
// that which the system would use for the way out, no packet being sent; without
// such a way that of an interface, and 127.0.0.1 as the last resort.
func LocalIP() string {
	for _, outside := range []string{"8.8.8.8:80", "[2001:4860:4860::8888]:80"} {
		if ip := localIPTowards(outside); ip != "" {
			return ip
		}
	}
	return firstIP(LocalIPs())
}

// localIPTowards returns the address that packets to an address would come from, ""
// if there is no way there.
func localIPTowards(outside string) string {
	c, err := net.Dial("udp", outside)
	if err != nil {
		return ""
	}
	defer c.Close()
	udp, ok := c.LocalAddr().(*net.UDPAddr)
	if !ok || udp.IP.IsUnspecified() {
		return ""
	}
	return udp.AddrPort().Addr().Unmap().String()
}

// firstIP returns the first of the machine's addresses, or that of loopback.
func firstIP(all []string) string {
	if len(all) > 0 {
		return all[0]
	}
	return "127.0.0.1"
}

// LocalIPs returns the addresses of this machine's interfaces, IPv4 first, without
// those that mean the machine itself or its link alone. It is empty if there are
// none.
func LocalIPs() []string {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	var v4, v6 []string
	for _, a := range addrs {
		prefix, err := netip.ParsePrefix(a.String())
		ip := prefix.Addr().Unmap()
		switch {
		case err != nil || !ip.IsGlobalUnicast():
		case ip.Is4():
			v4 = append(v4, ip.String())
		default:
			v6 = append(v6, ip.String())
		}
	}
	return append(v4, v6...)
}
