package proxy_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/conn/internal/memconn"
	"github.com/godwit-ws/godwit/conn/internal/proxy"
)

func userinfo(name, password string) *url.Userinfo { return url.UserPassword(name, password) }

func ExampleDial() {
	proxyURL, _ := url.Parse("http://user:secret@proxy.example")
	refusing := func(ctx context.Context, network, addr string) (net.Conn, error) {
		fmt.Println("dial", addr)
		ours, theirs := memconn.Pipe()
		io.WriteString(theirs, "HTTP/1.1 403 Forbidden\r\n\r\n")
		return ours, nil
	}
	_, err := proxy.Dial(context.Background(), refusing, proxyURL, "example.com:443", nil)
	fmt.Println(err)
	fmt.Println(errors.Is(err, proxy.ErrRefused))
	// Output:
	// dial proxy.example:80
	// proxy http://proxy.example refused CONNECT example.com:443: 403 Forbidden
	// true
}

func TestDialAddress(t *testing.T) {
	tests := []struct{ name, proxy, want string }{
		{"http", "http://h", "h:80"},
		{"https", "https://h", "h:443"},
		{"socks5", "socks5://h", "h:1080"},
		{"socks5h", "socks5h://h", "h:1080"},
		{"explicit-port", "http://h:3128", "h:3128"},
		{"ipv6", "socks5h://[::1]", "[::1]:1080"},
		{"upper-case-scheme", "HTTP://h", "h:80"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			down := errors.New("down")
			dial := func(_ context.Context, network, addr string) (net.Conn, error) {
				if network != "tcp" || addr != tt.want {
					t.Errorf("dial(%q, %q), want tcp to %q", network, addr, tt.want)
				}
				return nil, down
			}
			conn, err := proxy.Dial(t.Context(), dial, mustParse(t, tt.proxy), "192.0.2.1:443", nil)
			if conn != nil || !errors.Is(err, down) {
				t.Errorf("Dial = %v, %v; want nil, the error of dial", conn, err)
			}
		})
	}
}

func TestDialRefusesUnusableAddresses(t *testing.T) {
	undialled := func(context.Context, string, string) (net.Conn, error) {
		t.Error("dial was called")
		return nil, errors.New("no")
	}
	long := strings.Repeat("n", 256)
	targets := []string{
		"", "example.com", "example.com:", "example.com:0", "example.com:65536", "example.com:http", "example.com:+1",
		":443", "a b:443", "a\r\nX: y:443", "a\x00:443", "a/b:443", "a@b:443", "ex\u00e4mple.com:443", "[fe80::1%eth0]:443",
		"::1:443", "[a.b.c]]:443", "a?b:443", long + ":443",
	}
	for _, scheme := range []string{"http", "socks5h"} {
		for _, target := range targets {
			if _, err := proxy.Dial(t.Context(), undialled, mustParse(t, scheme+"://h"), target, nil); !errors.Is(err, proxy.ErrTarget) {
				t.Errorf("Dial of %q through %s: %v, want ErrTarget", target, scheme, err)
			}
		}
	}
	urls := []*url.URL{
		{}, {Scheme: "ftp", Host: "h"}, {Scheme: "http"}, {Scheme: "http", Host: ":80"},
		{Scheme: "http", Host: "h:0"}, {Scheme: "http", Host: "h:99999"}, {Scheme: "http", Host: "user:hunter2@h"},
	}
	for _, u := range urls {
		_, err := proxy.Dial(t.Context(), undialled, u, "example.com:443", nil)
		if !errors.Is(err, proxy.ErrURL) || strings.Contains(fmt.Sprint(err), "hunter2") {
			t.Errorf("Dial through %+v: %v, want ErrURL", u, err)
		}
	}
}

// stages are proxies that fall silent at one point of the conversation each.
var stages = []struct {
	name, proxy string
	says        string
}{
	{"http-silent", "http://h", ""},
	{"http-in-status-line", "http://h", "HTTP/1.1 2"},
	{"http-in-header", "http://h", "HTTP/1.1 200 OK\r\nA: b\r\n"},
	{"http-after-informational", "http://h", "HTTP/1.1 100 Continue\r\n\r\n"},
	{"https-silent", "https://h", ""},
	{"https-in-record", "https://h", "\x16\x03\x03\x00\x50\x02"},
	{"socks-silent", "socks5h://h", ""},
	{"socks-in-method", "socks5h://h", "\x05"},
	{"socks-in-login", "socks5h://user:pw@h", "\x05\x02\x01"},
	{"socks-before-reply", "socks5h://h", "\x05\x00"},
	{"socks-in-reply", "socks5h://h", "\x05\x00\x05\x00\x00"},
	{"socks-in-bound-address", "socks5h://h", "\x05\x00\x05\x00\x00\x03\x09abc"},
}

// TestContextEndsAtAnyMoment: whatever the proxy leaves unsaid, Dial returns when its context ends, at
// that instant, with the context's error, the connection closed and no goroutine left (the bubble
// would not end).
func TestContextEndsAtAnyMoment(t *testing.T) {
	for _, tt := range stages {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dial, wait := inMemory(func(conn net.Conn) {
					io.WriteString(conn, tt.says)
					io.Copy(io.Discard, conn) // until Dial closes it
				})
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				start := time.Now()
				conn, err := proxy.Dial(ctx, dial, mustParse(t, tt.proxy), "example.com:443", nil)
				if conn != nil || !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Dial = %v, %v; want context.DeadlineExceeded", conn, err)
				}
				if took := time.Since(start); took != time.Minute {
					t.Errorf("Dial took %v, want 1m", took)
				}
				wait()
			})
		})
	}
}

func TestContextEndedBefore(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tt := range stages {
		dial, wait := inMemory(func(conn net.Conn) { io.Copy(io.Discard, conn) })
		conn, err := proxy.Dial(ctx, dial, mustParse(t, tt.proxy), "example.com:443", nil)
		if conn != nil || !errors.Is(err, context.Canceled) {
			t.Errorf("%s: Dial = %v, %v; want context.Canceled", tt.name, conn, err)
		}
		wait()
	}
	t.Run("while-resolving", func(t *testing.T) {
		_, err := proxy.Dial(ctx, nil, mustParse(t, "socks5://h"), "no..name:443", nil)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Dial: %v, want context.Canceled", err)
		}
	})
}

// TestContextEndsInDial: a dial function may put the context's end in its own words.
func TestContextEndsInDial(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		cancel()
		return nil, errors.New("gave up")
	}
	if _, err := proxy.Dial(ctx, dial, mustParse(t, "http://h"), "example.com:443", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("Dial: %v, want context.Canceled", err)
	}
}

// TestContextEndsWithTheReply: a context that ends while the last bytes arrive has its connection closed,
// so Dial must not return it.
func TestContextEndsWithTheReply(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	ours, theirs := memconn.Pipe()
	defer theirs.Close()
	io.WriteString(theirs, "HTTP/1.1 200 OK\r\n\r\n")
	dial := dialGiving(afterRead{ours, cancel})
	conn, err := proxy.Dial(ctx, dial, mustParse(t, "http://h"), "example.com:443", nil)
	if conn != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("Dial = %v, %v; want context.Canceled", conn, err)
	}
}

// afterRead calls do after every read.
type afterRead struct {
	net.Conn
	do func()
}

func (c afterRead) Read(p []byte) (int, error) {
	defer c.do()
	return c.Conn.Read(p)
}

// TestContextEndsAfterwards: the context of a dial has no power over the connection it gave.
func TestContextEndsAfterwards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dial, wait := inMemory(func(conn net.Conn) {
			take(conn, 1)
			io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
			io.Copy(io.Discard, conn)
		})
		ctx, cancel := context.WithCancel(t.Context())
		conn, err := proxy.Dial(ctx, dial, mustParse(t, "http://h"), "example.com:443", nil)
		if err != nil {
			t.Fatalf("Dial: %v", err)
		}
		cancel()
		synctest.Wait()
		if _, err := io.WriteString(conn, "still there"); err != nil {
			t.Errorf("write after the context's end: %v", err)
		}
		conn.Close()
		wait()
	})
}

// TestContextEndsOverTCP is the same over sockets: a hanging proxy, a dribbling one.
func TestContextEndsOverTCP(t *testing.T) {
	serverTLS, clientTLS := certificate(t)
	reached := make(chan struct{}, 1)
	hang := func(conn net.Conn) {
		reached <- struct{}{}
		io.Copy(io.Discard, conn)
	}
	dribble := func(conn net.Conn) {
		io.WriteString(conn, "HTTP/1.1 200 ")
		for n := 0; ; n++ {
			if n == 100 {
				reached <- struct{}{}
			}
			if n >= 100 { // wait for the end without filling the header's limit
				io.Copy(io.Discard, conn)
				return
			}
			if _, err := io.WriteString(conn, "x"); err != nil {
				return
			}
		}
	}
	hangInTLS := func(conn net.Conn) {
		secure := tls.Server(conn, serverTLS)
		secure.Handshake()
		hang(secure)
	}
	tests := []struct {
		name, scheme string
		handle       func(net.Conn)
	}{
		{"hang", "http", hang},
		{"dribble", "http", dribble},
		{"hang-in-tls", "https", hangInTLS},
		{"hang-socks", "socks5h", hang},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			addr := listen(t, tt.handle)
			go func() {
				<-reached
				cancel()
			}()
			conn, err := proxy.Dial(ctx, nil, mustParse(t, tt.scheme+"://"+addr), "example.com:443", clientTLS)
			if conn != nil || !errors.Is(err, context.Canceled) {
				t.Errorf("Dial = %v, %v; want context.Canceled", conn, err)
			}
		})
	}
}

// TestHostileProxies: whatever comes instead of a reply, over sockets, ends in an error.
func TestHostileProxies(t *testing.T) {
	say := func(text string) func(net.Conn) {
		return func(conn net.Conn) {
			io.WriteString(conn, text)
			conn.(*net.TCPConn).CloseWrite()
			io.Copy(io.Discard, conn)
		}
	}
	flood := func(conn net.Conn) {
		io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
		for {
			if _, err := io.WriteString(conn, "Again: and again\r\n"); err != nil {
				return
			}
		}
	}
	reset := func(conn net.Conn) {
		take(conn, 1)
		conn.(*net.TCPConn).SetLinger(0)
	}
	tests := []struct {
		name, scheme string
		handle       func(net.Conn)
		want         error
	}{
		{"http-closes-early", "http", say(""), io.ErrUnexpectedEOF},
		{"http-garbage", "http", say("\x00\xff\x00\xff"), proxy.ErrReply},
		{"http-is-ssh", "http", say("SSH-2.0-OpenSSH\r\n"), proxy.ErrReply},
		{"http-flood", "http", flood, proxy.ErrReply},
		{"http-reset", "http", reset, syscall.ECONNRESET},
		{"https-closes-early", "https", say(""), io.EOF},
		{"socks-closes-early", "socks5h", say(""), io.ErrUnexpectedEOF},
		{"socks-garbage", "socks5h", say("\xff\xff"), proxy.ErrReply},
		{"socks-reset", "socks5h", reset, syscall.ECONNRESET},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u := mustParse(t, tt.scheme+"://user:hunter2@"+listen(t, tt.handle))
			conn, err := proxy.Dial(t.Context(), nil, u, "example.com:443", nil)
			if conn != nil || !errors.Is(err, tt.want) {
				t.Errorf("Dial = %v, %v; want %v", conn, err, tt.want)
			}
			if strings.Contains(fmt.Sprint(err), "hunter2") {
				t.Errorf("password in %q", err)
			}
		})
	}
	t.Run("https-speaks-plain", func(t *testing.T) {
		u := mustParse(t, "https://"+listen(t, say("HTTP/1.1 400 Bad Request\r\n\r\n")))
		_, err := proxy.Dial(t.Context(), nil, u, "example.com:443", nil)
		if _, ok := errors.AsType[tls.RecordHeaderError](err); !ok {
			t.Errorf("Dial: %v, want a tls.RecordHeaderError", err)
		}
	})
	t.Run("nobody-listens", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
		_, err = proxy.Dial(t.Context(), nil, mustParse(t, "http://"+l.Addr().String()), "example.com:443", nil)
		if !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("Dial: %v, want ECONNREFUSED", err)
		}
	})
}

// TestFailedDialClosesConnection: no failure leaves the connection to the proxy open.
func TestFailedDialClosesConnection(t *testing.T) {
	replies := map[string]string{
		"http://h":    "HTTP/1.1 403 No\r\n\r\n",
		"https://h":   "not TLS",
		"socks5h://h": "\x05\xff",
	}
	for proxyURL, reply := range replies {
		dial, wait := inMemory(func(conn net.Conn) {
			io.WriteString(conn, reply)
			io.Copy(io.Discard, conn)
		})
		if _, err := proxy.Dial(t.Context(), dial, mustParse(t, proxyURL), "example.com:443", nil); err == nil {
			t.Errorf("%s: no error", proxyURL)
		}
		wait()
	}
}
