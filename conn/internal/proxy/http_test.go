package proxy_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/conn/internal/memconn"
	"github.com/godwit-ws/godwit/conn/internal/proxy"
)

func TestHTTPProxy(t *testing.T) {
	target := listen(t, echo)
	tests := []struct {
		name, user, wants string
	}{
		{"without-credentials", "", ""},
		{"with-credentials", "user:p%40ss%3Aword@", "Basic dXNlcjpwQHNzOndvcmQ="},
		{"with-user-only", "user@", "Basic dXNlcjo="},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u := mustParse(t, "http://"+tt.user+listen(t, connectProxy(tt.wants)))
			conn, err := proxy.Dial(t.Context(), nil, u, target, nil)
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

func TestHTTPSProxy(t *testing.T) {
	target := listen(t, echo)
	serverTLS, clientTLS := certificate(t)
	serverTLS.NextProtos = []string{"h2", "http/1.1"}
	clientTLS.NextProtos = []string{"h2"} // for the target: the proxy must not pick it
	addr := listen(t, func(conn net.Conn) {
		secure := tls.Server(conn, serverTLS)
		if secure.Handshake() == nil && secure.ConnectionState().NegotiatedProtocol == "" {
			connectProxy("Basic dXNlcjpwdw==")(secure)
		}
		secure.Close()
	})
	t.Run("trusted", func(t *testing.T) {
		conn, err := proxy.Dial(t.Context(), nil, mustParse(t, "https://user:pw@"+addr), target, clientTLS)
		if err != nil {
			t.Fatalf("Dial: %v", err)
		}
		defer conn.Close()
		roundTrip(t, conn, "inside TLS")
		if len(clientTLS.NextProtos) != 1 || clientTLS.ServerName != "" {
			t.Error("Dial changed the caller's tls.Config")
		}
	})
	t.Run("server-name-of-the-config", func(t *testing.T) {
		config := clientTLS.Clone()
		config.ServerName = "example.com"
		conn, err := proxy.Dial(t.Context(), nil, mustParse(t, "https://user:pw@"+addr), target, config)
		if err != nil {
			t.Fatalf("Dial: %v", err)
		}
		conn.Close()
	})
	t.Run("not-trusted", func(t *testing.T) {
		conn, err := proxy.Dial(t.Context(), nil, mustParse(t, "https://user:pw@"+addr), target, nil)
		if _, ok := errors.AsType[*tls.CertificateVerificationError](err); !ok || conn != nil {
			t.Fatalf("Dial = %v, %v; want a *tls.CertificateVerificationError", conn, err)
		}
	})
}

// request dials through a proxy that notes the request's header and refuses, and returns the header.
func request(t *testing.T, proxyURL, target string) string {
	t.Helper()
	var got strings.Builder
	dial, wait := inMemory(func(conn net.Conn) {
		r := bufio.NewReader(conn)
		for {
			line, err := r.ReadString('\n')
			got.WriteString(line)
			if err != nil || line == "\r\n" {
				break
			}
		}
		io.WriteString(conn, "HTTP/1.0 403 No\r\n\r\n")
	})
	_, err := proxy.Dial(t.Context(), dial, mustParse(t, proxyURL), target, nil)
	if !errors.Is(err, proxy.ErrRefused) {
		t.Fatalf("Dial: %v, want ErrRefused", err)
	}
	wait()
	return got.String()
}

func TestConnectRequest(t *testing.T) {
	tests := []struct{ name, proxy, target, want string }{
		{
			"plain", "http://proxy.example", "example.com:443",
			"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n",
		},
		{
			"ipv6", "http://proxy.example", "[2001:db8::1]:80",
			"CONNECT [2001:db8::1]:80 HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n",
		},
		{
			"credentials", "http://Aladdin:open%20sesame@proxy.example", "example.com:443",
			"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n" +
				"Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n",
		},
		{
			"line-break-in-password", "http://u:a%0d%0aX:%20y@proxy.example", "example.com:443",
			"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n" +
				"Proxy-Authorization: Basic dTphDQpYOiB5\r\n\r\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, request(t, tt.proxy, tt.target)); diff != "" {
				t.Errorf("request (-want +got):\n%s", diff)
			}
		})
	}
}

// answering returns a dial function for a proxy that reads the request and sends reply.
func answering(reply string) (proxy.DialFunc, func()) {
	return inMemory(func(conn net.Conn) {
		conn.Read(make([]byte, 4096))
		io.WriteString(conn, reply)
		conn.(*memconn.Conn).CloseWrite()
		io.Copy(io.Discard, conn)
	})
}

func TestHTTPProxyRefuses(t *testing.T) {
	const who = "proxy http://host:3128 refused CONNECT example.com:443: "
	tests := []struct{ name, reply, want string }{
		{"407", "HTTP/1.1 407 secret echoed\r\nProxy-Authenticate: Basic realm=\"secret\"\r\n\r\n", "407 Proxy Authentication Required"},
		{"403", "HTTP/1.0 403 Forbidden\r\nContent-Length: 4\r\n\r\nbody", "403 Forbidden"},
		{"unknown-status", "HTTP/1.1 599 \x1b[31mred\x1b[0m\r\n\r\n", ""},
		{"unknown-status-without-reason", "HTTP/1.1 999\r\n\r\n", "999"},
		{"lowest-above-2xx", "HTTP/1.1 300 x\r\n\r\n", "300 Multiple Choices"},
		{"redirect", "HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\n\r\n", "302 Found"},
		{"switching-protocols", "HTTP/1.1 101 Switching Protocols\r\n\r\n", "101 Switching Protocols"},
		{"after-informational", "HTTP/1.1 103 x\r\n\r\nHTTP/1.1 502 x\r\n\r\n", "502 Bad Gateway"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dial, wait := answering(tt.reply)
			defer wait()
			conn, err := proxy.Dial(t.Context(), dial, mustParse(t, "http://user:secret@host:3128/path?q"), "example.com:443", nil)
			if conn != nil || err == nil {
				t.Fatalf("Dial = %v, %v; want an error", conn, err)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("password in %q", err)
			}
			if tt.want == "" {
				if !errors.Is(err, proxy.ErrReply) {
					t.Errorf("Dial: %v, want ErrReply", err)
				}
				return
			}
			if !errors.Is(err, proxy.ErrRefused) || err.Error() != who+tt.want {
				t.Errorf("Dial: %q, want %q", err, who+tt.want)
			}
		})
	}
}

func TestHTTPProxyAcceptsAny2xx(t *testing.T) {
	for _, status := range []int{200, 204, 299} {
		dial, wait := answering(fmt.Sprintf("HTTP/1.1 %d x\r\n\r\n", status))
		conn, err := proxy.Dial(t.Context(), dial, mustParse(t, "http://host"), "example.com:443", nil)
		if err != nil {
			t.Fatalf("status %d: %v", status, err)
		}
		conn.Close()
		wait()
	}
}

func TestHTTPProxyCredentialsThatBasicCannotCarry(t *testing.T) {
	for _, scheme := range []string{"http", "https"} {
		dial, wait := answering("")
		_, err := proxy.Dial(t.Context(), dial, mustParse(t, scheme+"://us%3Aer:hunter2@host"), "example.com:443", nil)
		if !errors.Is(err, proxy.ErrURL) || strings.Contains(fmt.Sprint(err), "hunter2") {
			t.Errorf("Dial with a colon in the user name: %v, want ErrURL", err)
		}
		wait()
	}
}

// TestBytesAfterReply: what follows the reply's header is the target's, however it is cut.
func TestBytesAfterReply(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"
	const data = "first words of the target"
	for _, together := range []int{0, 1, len(data) - 1, len(data)} {
		t.Run(fmt.Sprintf("together=%d", together), func(t *testing.T) {
			more := make(chan struct{})
			dial, wait := inMemory(func(conn net.Conn) {
				conn.Read(make([]byte, 4096))
				io.WriteString(conn, head+data[:together])
				<-more
				io.WriteString(conn, data[together:])
			})
			defer wait()
			conn, err := proxy.Dial(t.Context(), dial, mustParse(t, "http://host"), "example.com:443", nil)
			close(more)
			if err != nil {
				t.Fatalf("Dial: %v", err)
			}
			defer conn.Close()
			if _, bare := conn.(*memconn.Conn); bare != (together == 0) {
				t.Errorf("Dial gave a %T with %d bytes after the header", conn, together)
			}
			got, err := io.ReadAll(conn)
			if err != nil || string(got) != data {
				t.Errorf("read %q, %v; want %q", got, err, data)
			}
		})
	}
}
