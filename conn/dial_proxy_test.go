package conn_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/internal/proxy"
)

// join passes bytes on between two connections until both directions have ended.
func join(a, b net.Conn) {
	var both sync.WaitGroup
	for _, way := range [][2]net.Conn{{a, b}, {b, a}} {
		both.Go(func() {
			io.Copy(way[0], way[1])
			if half, ok := way[0].(interface{ CloseWrite() error }); ok {
				half.CloseWrite()
			}
		})
	}
	both.Wait()
}

// onwards connects nc with addr in w.
func (w *world) onwards(nc net.Conn, addr string) {
	far, err := w.dial(context.Background(), "tcp", addr)
	if err != nil {
		return
	}
	defer far.Close()
	join(nc, far)
}

// connects is an HTTP proxy that wants authorization, if it isn't empty.
func (w *world) connects(authorization string) func(net.Conn) {
	return func(nc net.Conn) {
		// One byte at a time, so that nothing behind the request is taken.
		r, err := http.ReadRequest(bufio.NewReaderSize(iotest.OneByteReader(nc), 16))
		switch {
		case err != nil:
		case r.Method != "CONNECT" || r.Header.Get("Proxy-Authorization") != authorization:
			io.WriteString(nc, "HTTP/1.1 407 Say hunter2\r\n\r\n")
		default:
			io.WriteString(nc, "HTTP/1.1 200 OK\r\n\r\n")
			w.onwards(nc, r.Host)
		}
	}
}

// socks is a SOCKS 5 proxy (RFC 1928) that wants login, "user:password", if it
// isn't empty.
func (w *world) socks(login string) func(net.Conn) {
	return func(nc net.Conn) {
		read := func(n int) []byte {
			p := make([]byte, n)
			io.ReadFull(nc, p)
			return p
		}
		read(int(read(2)[1])) // methods
		if login == "" {
			nc.Write([]byte{5, 0})
		} else {
			nc.Write([]byte{5, 2})
			read(1)
			user := read(int(read(1)[0]))
			password := read(int(read(1)[0]))
			if string(user)+":"+string(password) != login {
				nc.Write([]byte{1, 1})
				return
			}
			nc.Write([]byte{1, 0})
		}
		host := ""
		switch read(4)[3] {
		case 1:
			host = netip.AddrFrom4([4]byte(read(4))).String()
		case 3:
			host = string(read(int(read(1)[0])))
		case 4:
			host = netip.AddrFrom16([16]byte(read(16))).String()
		}
		port := binary.BigEndian.Uint16(read(2))
		nc.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
		w.onwards(nc, net.JoinHostPort(host, strconv.Itoa(int(port))))
	}
}

// proxied is a world with two servers behind four proxies, those of odd ports with
// a password.
func proxied() *world {
	w := &world{hosts: map[string]func(net.Conn){}}
	w.hosts["a.example:80"] = w.answers(switching() + "\x81\x02hi")
	w.hosts["192.0.2.1:80"] = w.hosts["a.example:80"]
	w.hosts["a.example:443"] = secured(w.hosts["a.example:80"])
	w.hosts["proxy.example:80"] = w.connects("")
	w.hosts["proxy.example:3129"] = w.connects("Basic dTpodW50ZXIy") // u:hunter2
	w.hosts["proxy.example:443"] = secured(w.connects(""))
	w.hosts["proxy.example:1080"] = w.socks("")
	w.hosts["proxy.example:1081"] = w.socks("u:hunter2")
	return w
}

func TestDialProxy(t *testing.T) {
	tests := []struct{ name, proxy, at, url, dialled string }{
		{"http", "http://proxy.example", "proxy.example:80", "ws://a.example/", "a.example:80"},
		{"http-to-wss", "http://proxy.example", "proxy.example:80", "wss://a.example/", "a.example:443"},
		{"http-with-password", "http://u:hunter2@proxy.example:3129", "proxy.example:3129", "ws://a.example/", "a.example:80"},
		{"https", "https://proxy.example", "proxy.example:443", "ws://a.example/", "a.example:80"},
		{"https-to-wss", "https://proxy.example", "proxy.example:443", "wss://a.example/", "a.example:443"},
		{"socks5", "socks5://proxy.example", "proxy.example:1080", "ws://192.0.2.1/", "192.0.2.1:80"},
		{"socks5h", "socks5h://proxy.example", "proxy.example:1080", "ws://a.example/", "a.example:80"},
		{"socks5h-to-wss", "socks5h://proxy.example", "proxy.example:1080", "wss://a.example/", "a.example:443"},
		{"socks5-with-password", "socks5h://u:hunter2@proxy.example:1081", "proxy.example:1081", "ws://a.example/", "a.example:80"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := proxied()
				d := w.dialer()
				d.TLS = clientTLS()
				d.Header = http.Header{"Authorization": {"Bearer mine"}}
				var asked string
				d.Proxy = func(u *url.URL) (*url.URL, error) {
					asked = u.String()
					return url.Parse(tt.proxy)
				}
				c := mustDial(t, d, tt.url)
				if _, p, err := c.Read(t.Context()); string(p) != "hi" || err != nil {
					t.Errorf("Read = %q, %v", p, err)
				}
				if diff := cmp.Diff([]string{tt.at, tt.dialled}, w.dialled); diff != "" {
					t.Errorf("dialled (-want +got):\n%s", diff)
				}
				if r := w.request(t, 0); asked != tt.url || r.Header.Get("Proxy-Authorization") != "" || r.Header.Get("Authorization") != "Bearer mine" {
					t.Errorf("Proxy was asked for %s; the server got %v", asked, r.Header)
				}
			})
		})
	}
}

// ServerName is the target's: an https proxy has to prove its own.
func TestDialProxyServerName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := proxied()
		w.hosts["elsewhere.example:443"] = w.hosts["a.example:443"]
		d := w.dialer()
		d.TLS = clientTLS()
		d.TLS.ServerName = "b.example"
		by := "https://proxy.example"
		d.Proxy = func(*url.URL) (*url.URL, error) { return url.Parse(by) }
		mustDial(t, d, "wss://elsewhere.example/")
		w.hosts["liar.example:443"] = w.hosts["proxy.example:443"]
		by = "https://liar.example"
		if _, err := d.Dial(t.Context(), "wss://elsewhere.example/"); err == nil || !strings.Contains(err.Error(), "not liar.example") {
			t.Errorf("Dial: %v", err)
		}
	})
}

func TestDialProxyFails(t *testing.T) {
	broken := errors.New("no proxy today")
	tests := []struct {
		name, proxy string
		err         error
		want        error
	}{
		{"proxy-func", "", broken, broken},
		{"no-such-proxy", "http://u:hunter2@gone.example", nil, nil},
		{"password-missing", "http://proxy.example:3129", nil, proxy.ErrRefused},
		{"wrong-password", "http://u:hunter2hunter2@proxy.example:3129", nil, proxy.ErrRefused},
		{"socks-wrong-password", "socks5h://u:hunter2hunter2@proxy.example:1081", nil, nil},
		{"scheme", "gopher://u:hunter2@proxy.example", nil, proxy.ErrURL},
		{"no-proxy-at-all", "http://a.example", nil, proxy.ErrRefused},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := proxied()
				w.hosts["a.example:80"] = w.answers("HTTP/1.1 405 Method Not Allowed\r\n\r\n")
				d := w.dialer()
				d.Proxy = func(*url.URL) (*url.URL, error) {
					if tt.err != nil {
						return nil, tt.err
					}
					return url.Parse(tt.proxy)
				}
				_, err := d.Dial(t.Context(), "ws://me:hunter2@a.example/")
				if err == nil || tt.want != nil && !errors.Is(err, tt.want) || strings.Contains(err.Error(), "hunter2") {
					t.Errorf("Dial: %v; want %v", err, tt.want)
				}
				if _, ok := errors.AsType[*conn.DialError](err); ok {
					t.Errorf("a proxy's answer is taken for the server's: %v", err)
				}
			})
		})
	}
}

// clearEnvironment unsets what says anything about proxies.
func clearEnvironment(t *testing.T) {
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUEST_METHOD"} {
		t.Setenv(name, "")
		t.Setenv(strings.ToLower(name), "")
	}
}

func TestDialProxyFromEnvironment(t *testing.T) {
	tests := []struct {
		name, url string
		env       map[string]string
		want      string // the first address dialled
	}{
		{"none", "ws://a.example/", nil, "a.example:80"},
		{"http", "ws://a.example/", map[string]string{"HTTP_PROXY": "http://proxy.example"}, "proxy.example:80"},
		{"http-is-not-for-wss", "wss://a.example/", map[string]string{"HTTP_PROXY": "http://proxy.example"}, "a.example:443"},
		{"https", "wss://a.example/", map[string]string{"HTTPS_PROXY": "https://proxy.example"}, "proxy.example:443"},
		{"lower-case", "ws://a.example/", map[string]string{"http_proxy": "http://u:hunter2@proxy.example:3129"}, "proxy.example:3129"},
		{"all", "ws://a.example/", map[string]string{"ALL_PROXY": "socks5h://u:hunter2@proxy.example:1081"}, "proxy.example:1081"},
		{"excepted", "ws://a.example/", map[string]string{"HTTP_PROXY": "http://proxy.example", "NO_PROXY": ".example"}, "a.example:80"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clearEnvironment(t)
			for name, value := range tt.env {
				t.Setenv(name, value)
			}
			synctest.Test(t, func(t *testing.T) {
				w := proxied()
				d := w.dialer()
				d.Proxy, d.TLS = nil, clientTLS()
				mustDial(t, d, tt.url)
				if w.dialled[0] != tt.want {
					t.Errorf("dialled %q, want %s first", w.dialled, tt.want)
				}
			})
		})
	}
	t.Run("unusable", func(t *testing.T) {
		clearEnvironment(t)
		t.Setenv("HTTP_PROXY", "gopher://u:hunter2@h")
		_, err := conn.Dial(t.Context(), "ws://a.example/")
		if !errors.Is(err, proxy.ErrURL) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("Dial: %v", err)
		}
	})
}

// A proxy that falls silent costs no more than the context allows.
func TestDialSlowProxy(t *testing.T) {
	for _, by := range []string{"http://slow.example:1", "https://slow.example:1", "socks5h://slow.example:1"} {
		t.Run(by, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &world{hosts: map[string]func(net.Conn){"slow.example:1": func(nc net.Conn) { io.Copy(io.Discard, nc) }}}
				d := w.dialer()
				d.Proxy = func(*url.URL) (*url.URL, error) { return url.Parse(by) }
				start := time.Now()
				if _, err := d.Dial(t.Context(), "ws://a.example/"); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Dial: %v", err)
				}
				elapsed(t, start, 10*time.Second)
			})
		})
	}
}

// Each stop of a redirect has its own proxy.
func TestDialProxyAndRedirect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := proxied()
		w.hosts["a.example:80"] = w.answers(to(302, "ws://192.0.2.1/"))
		d := w.dialer()
		d.MaxRedirects = 1
		d.Proxy = func(u *url.URL) (*url.URL, error) {
			if u.Hostname() == "a.example" {
				return url.Parse("http://proxy.example")
			}
			return url.Parse("socks5://proxy.example")
		}
		mustDial(t, d, "ws://a.example/")
		if diff := cmp.Diff([]string{"proxy.example:80", "a.example:80", "proxy.example:1080", "192.0.2.1:80"}, w.dialled); diff != "" {
			t.Errorf("dialled (-want +got):\n%s", diff)
		}
	})
}
