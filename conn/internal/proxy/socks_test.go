package proxy_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/conn/internal/memconn"
	"github.com/godwit-ws/godwit/conn/internal/proxy"
)

// socksProxy is a SOCKS 5 proxy that wants the given user name and password, if user isn't empty.
func socksProxy(user, password string) func(net.Conn) {
	return func(conn net.Conn) {
		if !socksAuthenticate(conn, user, password) {
			return
		}
		head := take(conn, 4)
		host := ""
		switch head[3] {
		case 1:
			host = net.IP(take(conn, 4)).String()
		case 3:
			host = string(take(conn, int(take(conn, 1)[0])))
		case 4:
			host = net.IP(take(conn, 16)).String()
		}
		port := binary.BigEndian.Uint16(take(conn, 2))
		far, err := net.Dial("tcp", net.JoinHostPort(host, fmt.Sprint(port)))
		if err != nil {
			conn.Write([]byte{5, 5, 0, 1, 0, 0, 0, 0, 0, 0})
			return
		}
		defer far.Close()
		conn.Write([]byte{5, 0, 0, 1, 192, 0, 2, 1, 0, 80})
		relay(conn, far)
	}
}

func socksAuthenticate(conn net.Conn, user, password string) bool {
	methods := string(take(conn, int(take(conn, 2)[1])))
	if user == "" {
		conn.Write([]byte{5, 0})
		return true
	}
	if !strings.Contains(methods, "\x02") {
		conn.Write([]byte{5, 0xff})
		return false
	}
	conn.Write([]byte{5, 2})
	name := string(take(conn, int(take(conn, 2)[1])))
	word := string(take(conn, int(take(conn, 1)[0])))
	if name != user || word != password {
		conn.Write([]byte{1, 1})
		return false
	}
	conn.Write([]byte{1, 0})
	return true
}

// take reads n bytes; fewer, and zeros, if there aren't as many.
func take(conn net.Conn, n int) []byte {
	p := make([]byte, n)
	io.ReadFull(conn, p)
	return p
}

func TestSOCKSProxy(t *testing.T) {
	target := listen(t, echo)
	_, port, _ := net.SplitHostPort(target)
	long := strings.Repeat("p", 255)
	tests := []struct{ name, scheme, user, password, target string }{
		{"address", "socks5", "", "", target},
		{"address-resolved-there", "socks5h", "", "", target},
		{"name-resolved-here", "socks5", "", "", "localhost:" + port},
		{"name-resolved-there", "socks5h", "", "", "localhost:" + port},
		{"password", "socks5", "user", "p:@/ss", target},
		{"longest-password", "socks5h", long, long, target},
		{"empty-password", "socks5", "user", "", target},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u := mustParse(t, tt.scheme+"://"+listen(t, socksProxy(tt.user, tt.password)))
			if tt.user != "" {
				u.User = userinfo(tt.user, tt.password)
			}
			conn, err := proxy.Dial(t.Context(), nil, u, tt.target, nil)
			if err != nil {
				t.Fatalf("Dial: %v", err)
			}
			defer conn.Close()
			if _, ok := conn.(*net.TCPConn); !ok {
				t.Errorf("Dial gave a %T, want the *net.TCPConn itself", conn)
			}
			roundTrip(t, conn, strings.Repeat("over ", 100_000))
		})
	}
}

// step is one turn of a scripted proxy: what it expects, byte for byte, and what it answers.
type step struct{ want, answer string }

// scripted returns a dial function for a proxy that follows steps and then closes its writing side,
// and a function that awaits its end and returns what it received in vain or instead.
func scripted(steps []step) (proxy.DialFunc, func() string) {
	var diff string
	dial, wait := inMemory(func(conn net.Conn) {
		for _, s := range steps {
			if got := string(take(conn, len(s.want))); got != s.want {
				diff += cmp.Diff(s.want, got)
			}
			io.WriteString(conn, s.answer)
		}
		conn.(*memconn.Conn).CloseWrite()
		rest, _ := io.ReadAll(conn)
		diff += string(rest)
	})
	return dial, func() string { wait(); return diff }
}

// Parts of SOCKS conversations.
const (
	greetNone     = "\x05\x01\x00"
	greetPassword = "\x05\x02\x00\x02"
	loginUser     = "\x01\x04user\x06secret"
	askName       = "\x05\x01\x00\x03\x0bexample.com\x01\xbb"
	boundIPv4     = "\x05\x00\x00\x01\xc0\x00\x02\x01\x00\x50"
)

func TestSOCKSConversation(t *testing.T) {
	boundIPv6 := "\x05\x00\x00\x04" + strings.Repeat("\x01", 18)
	boundName := "\x05\x00\x00\x03\xff" + strings.Repeat("n", 255) + "\x00\x50"
	boundEmptyName := "\x05\x00\x00\x03\x00\x00\x50"
	longName := strings.Repeat("n", 255)
	tests := []struct {
		name, proxy, target string
		steps               []step
	}{
		{"name", "socks5h://h", "example.com:443", []step{{greetNone, "\x05\x00"}, {askName, boundIPv4}}},
		{"ipv4", "socks5h://h", "192.0.2.7:80", []step{{greetNone, "\x05\x00"}, {"\x05\x01\x00\x01\xc0\x00\x02\x07\x00\x50", boundIPv4}}},
		{"ipv4-mapped", "socks5://h", "[::ffff:192.0.2.7]:80", []step{{greetNone, "\x05\x00"}, {"\x05\x01\x00\x01\xc0\x00\x02\x07\x00\x50", boundIPv4}}},
		{"ipv6", "socks5://h", "[2001:db8::1]:65535", []step{{greetNone, "\x05\x00"}, {"\x05\x01\x00\x04\x20\x01\x0d\xb8" + strings.Repeat("\x00", 11) + "\x01\xff\xff", boundIPv4}}},
		{"longest-name", "socks5h://h", longName + ":1", []step{{greetNone, "\x05\x00"}, {"\x05\x01\x00\x03\xff" + longName + "\x00\x01", boundIPv4}}},
		{"password-offered-not-wanted", "socks5h://user:secret@h", "example.com:443", []step{{greetPassword, "\x05\x00"}, {askName, boundIPv4}}},
		{"password", "socks5h://user:secret@h", "example.com:443", []step{{greetPassword, "\x05\x02"}, {loginUser, "\x01\x00"}, {askName, boundIPv4}}},
		{"bound-ipv6", "socks5h://h", "example.com:443", []step{{greetNone, "\x05\x00"}, {askName, boundIPv6}}},
		{"bound-name", "socks5h://h", "example.com:443", []step{{greetNone, "\x05\x00"}, {askName, boundName}}},
		{"bound-empty-name", "socks5h://h", "example.com:443", []step{{greetNone, "\x05\x00"}, {askName, boundEmptyName}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			steps := append([]step(nil), tt.steps...)
			steps[len(steps)-1].answer += "target's" // in one segment with the reply
			dial, diff := scripted(steps)
			conn, err := proxy.Dial(t.Context(), dial, mustParse(t, tt.proxy), tt.target, nil)
			if err != nil {
				t.Fatalf("Dial: %v", err)
			}
			if got, err := io.ReadAll(conn); err != nil || string(got) != "target's" {
				t.Errorf("after the reply: %q, %v", got, err)
			}
			conn.Close()
			if d := diff(); d != "" {
				t.Errorf("the proxy received (-want +got):\n%s", d)
			}
		})
	}
}

// TestSOCKSCutShort: a proxy may dribble or leave at any byte; Dial then fails and never hangs.
func TestSOCKSCutShort(t *testing.T) {
	const answers = "\x05\x02" + "\x01\x00" + boundIPv4
	for n := range len(answers) + 1 {
		dial, wait := inMemory(func(conn net.Conn) {
			io.Copy(conn, iotest.OneByteReader(strings.NewReader(answers[:n])))
			conn.(*memconn.Conn).CloseWrite()
			io.Copy(io.Discard, conn)
		})
		conn, err := proxy.Dial(t.Context(), dial, mustParse(t, "socks5h://user:secret@h"), "example.com:443", nil)
		if n == len(answers) {
			if err != nil {
				t.Fatalf("whole conversation: %v", err)
			}
			conn.Close()
		} else if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("cut after %d bytes: %v, want io.ErrUnexpectedEOF", n, err)
		}
		wait()
	}
}

func TestSOCKSFails(t *testing.T) {
	const refused = "proxy socks5h://h:9 refused CONNECT example.com:443: "
	const malformed = "proxy socks5h://h:9: CONNECT example.com:443: malformed reply: "
	ask := func(reply string) []step { return []step{{greetNone, "\x05\x00"}, {askName, reply}} }
	login := func(reply string) []step { return []step{{greetPassword, "\x05\x02"}, {loginUser, reply}} }
	tests := []struct {
		name, user string
		steps      []step
		want       string
	}{
		{"wants-authentication", "", []step{{greetNone, "\x05\xff"}}, refused + "authentication required"},
		{"takes-no-password", "user:secret@", []step{{greetPassword, "\x05\xff"}}, refused + "it takes no password"},
		{"wrong-password", "user:secret@", login("\x01\x01"), refused + "wrong user name or password"},
		{"general", "", ask("\x05\x01\x00\x01"), refused + "general failure"},
		{"rules", "", ask("\x05\x02\x00\x01"), refused + "not allowed by its rules"},
		{"network", "", ask("\x05\x03\x00\x01"), refused + "network unreachable"},
		{"host", "", ask("\x05\x04\x00\x01"), refused + "host unreachable"},
		{"refused", "", ask("\x05\x05\x00\x01"), refused + "connection refused"},
		{"ttl", "", ask("\x05\x06\x00\x01"), refused + "time to live expired"},
		{"command", "", ask("\x05\x07\x00\x01"), refused + "command not supported"},
		{"address-type", "", ask("\x05\x08\x00\x01"), refused + "address type not supported"},
		{"unknown", "", ask("\x05\x09\x00\x01"), refused + "unknown error 9"},

		{"other-version", "", []step{{greetNone, "\x04\x00"}}, malformed + "not SOCKS 5"},
		{"http", "", []step{{greetNone, "HTTP/1.1 400 Bad Request\r\n\r\n"}}, malformed + "not SOCKS 5"},
		{"method-never-offered", "", []step{{greetNone, "\x05\x02"}}, malformed + "method that was not offered"},
		{"gssapi", "user:secret@", []step{{greetPassword, "\x05\x01"}}, malformed + "method that was not offered"},
		{"other-login-version", "user:secret@", login("\x05\x00"), malformed + "authentication"},
		{"other-version-later", "", ask("\x04\x00\x00\x01"), malformed + "not SOCKS 5"},
		{"reserved-byte", "", ask("\x05\x00\x01\x01"), malformed + "not SOCKS 5"},
		{"bound-type-zero", "", ask("\x05\x00\x00\x00"), malformed + "address type"},
		{"bound-type-two", "", ask("\x05\x00\x00\x02"), malformed + "address type"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dial, diff := scripted(tt.steps)
			conn, err := proxy.Dial(t.Context(), dial, mustParse(t, "socks5h://"+tt.user+"h:9"), "example.com:443", nil)
			if conn != nil || err == nil || err.Error() != tt.want {
				t.Errorf("Dial = %v, %v; want %s", conn, err, tt.want)
			}
			if is := errors.Is(err, proxy.ErrRefused); is != strings.HasPrefix(tt.want, refused) {
				t.Errorf("Is ErrRefused: %t", is)
			}
			if is := errors.Is(err, proxy.ErrReply); is != strings.HasPrefix(tt.want, malformed) {
				t.Errorf("Is ErrReply: %t", is)
			}
			if d := diff(); d != "" {
				t.Errorf("the proxy received (-want +got):\n%s", d)
			}
		})
	}
}

func TestSOCKSCredentialsThatDoNotFit(t *testing.T) {
	long := strings.Repeat("hunter2.", 32) // 256 bytes
	for _, user := range []string{":pw", long + ":pw", "user:" + long} {
		dial, wait := scripted(nil)
		_, err := proxy.Dial(t.Context(), dial, mustParse(t, "socks5h://"+user+"@h"), "example.com:443", nil)
		if !errors.Is(err, proxy.ErrURL) || strings.Contains(fmt.Sprint(err), "hunter2") {
			t.Errorf("Dial with user %q: %v, want ErrURL", user, err)
		}
		wait()
	}
}

func TestSOCKSPrefersIPv4(t *testing.T) {
	addrs := func(texts ...string) (ips []netip.Addr) {
		for _, text := range texts {
			ips = append(ips, netip.MustParseAddr(text))
		}
		return ips
	}
	tests := []struct {
		name string
		ips  []netip.Addr
		want string
	}{
		{"ipv4-last", addrs("2001:db8::1", "192.0.2.1"), "192.0.2.1"},
		{"first-of-two", addrs("192.0.2.2", "192.0.2.1"), "192.0.2.2"},
		{"mapped", addrs("2001:db8::1", "::ffff:192.0.2.1"), "192.0.2.1"},
		{"ipv6-only", addrs("2001:db8::2", "2001:db8::1"), "2001:db8::2"},
		{"zone-means-nothing-to-the-proxy", addrs("fe80::1%eth0"), "fe80::1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := proxy.Choose(tt.ips); got.String() != tt.want {
				t.Errorf("of %v chose %v, want %s", tt.ips, got, tt.want)
			}
		})
	}
}

// TestSOCKSNameThatDoesNotResolve uses a name that no resolver has to be asked about.
func TestSOCKSNameThatDoesNotResolve(t *testing.T) {
	dial, wait := scripted(nil)
	_, err := proxy.Dial(t.Context(), dial, mustParse(t, "socks5://h"), "no..name:443", nil)
	if _, ok := errors.AsType[*net.DNSError](err); !ok {
		t.Errorf("Dial: %v, want a *net.DNSError", err)
	}
	wait()
}
