package conn_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/internal/memconn"
	"github.com/godwit-ws/godwit/frame"
	"github.com/godwit-ws/godwit/handshake"
)

// world is a network in memory: what serves at each address, and who was dialled.
type world struct {
	hosts map[string]func(net.Conn)

	mu       sync.Mutex
	dialled  []string
	requests []*http.Request
}

// dialer returns a Dialer whose connections lead into w, without a proxy.
func (w *world) dialer() *conn.Dialer {
	return &conn.Dialer{NetDial: w.dial, Proxy: func(*url.URL) (*url.URL, error) { return nil, nil }}
}

func (w *world) dial(_ context.Context, _, addr string) (net.Conn, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dialled = append(w.dialled, addr)
	serve := w.hosts[addr]
	if serve == nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	server, client := memconn.Pipe()
	go func() {
		defer server.Close()
		serve(server)
	}()
	return client, nil
}

// answers serves a connection: it reads a request and answers with text, in which
// ACCEPT stands for the accept key. Then it waits for the client to close.
func (w *world) answers(text string) func(net.Conn) {
	return w.answersBy(func(*http.Request) string { return text })
}

// answersBy is answers with a text for each request.
func (w *world) answersBy(text func(*http.Request) string) func(net.Conn) {
	return func(nc net.Conn) {
		r := bufio.NewReader(nc)
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		w.mu.Lock()
		w.requests = append(w.requests, req)
		w.mu.Unlock()
		io.WriteString(nc, strings.ReplaceAll(text(req), "ACCEPT", handshake.AcceptKey(req.Header.Get("Sec-WebSocket-Key"))))
		io.Copy(io.Discard, r)
	}
}

// hangsUp is answers, but closes after the text.
func (w *world) hangsUp(text string) func(net.Conn) {
	return func(nc net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(nc)); err == nil {
			io.WriteString(nc, text)
		}
	}
}

// secured serves a connection over TLS.
func secured(serve func(net.Conn)) func(net.Conn) {
	return func(nc net.Conn) {
		s := tls.Server(nc, serverTLS())
		serve(s)
		s.Close()
	}
}

// request returns the n-th request that was read.
func (w *world) request(t testing.TB, n int) *http.Request {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if n >= len(w.requests) {
		t.Fatalf("%d requests were made", len(w.requests))
	}
	return w.requests[n]
}

// switching is the answer that accepts, with fields added.
func switching(fields ...string) string {
	return "HTTP/1.1 101 Switching Protocols\r\n" + strings.Join(append([]string{"Upgrade: websocket", "Connection: Upgrade",
		"Sec-WebSocket-Accept: ACCEPT"}, fields...), "\r\n") + "\r\n\r\n"
}

// alone returns a world of which every address answers with text.
func alone(text string, addrs ...string) *world {
	w := &world{hosts: map[string]func(net.Conn){}}
	for _, addr := range append(addrs, "a.example:80") {
		w.hosts[addr] = w.answers(text)
	}
	return w
}

// mustDial dials and aborts the connection at the test's end.
func mustDial(t testing.TB, d *conn.Dialer, rawURL string) *conn.Conn {
	t.Helper()
	c, err := d.Dial(t.Context(), rawURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Abort)
	return c
}

func TestDialURL(t *testing.T) {
	tests := []struct{ name, url, addr, host, target string }{
		{"plain", "ws://a.example/chat", "a.example:80", "a.example", "/chat"},
		{"http", "http://a.example/chat", "a.example:80", "a.example", "/chat"},
		{"no-path", "ws://a.example", "a.example:80", "a.example", "/"},
		{"query-only", "ws://a.example?x=1&y=%23", "a.example:80", "a.example", "/?x=1&y=%23"},
		{"escaped-path", "ws://a.example/a%2Fb%20c", "a.example:80", "a.example", "/a%2Fb%20c"},
		{"unicode-path", "ws://a.example/é f", "a.example:80", "a.example", "/%C3%A9%20f"},
		{"two-slashes", "ws://a.example//x", "a.example:80", "a.example", "//x"},
		{"default-port", "ws://a.example:80/", "a.example:80", "a.example", "/"},
		{"empty-port", "ws://a.example:/", "a.example:80", "a.example", "/"},
		{"other-port", "ws://a.example:8080/", "a.example:8080", "a.example:8080", "/"},
		{"port-of-wss", "ws://a.example:443/", "a.example:443", "a.example:443", "/"},
		{"upper-case", "WS://A.Example/", "A.Example:80", "A.Example", "/"},
		{"ipv4", "ws://192.0.2.1/", "192.0.2.1:80", "192.0.2.1", "/"},
		{"ipv6", "ws://[2001:db8::1]/", "[2001:db8::1]:80", "[2001:db8::1]", "/"},
		{"ipv6-port", "ws://[2001:db8::1]:81/", "[2001:db8::1]:81", "[2001:db8::1]:81", "/"},
		{"ipv6-zone", "ws://[fe80::1%25eth0]/", "[fe80::1%eth0]:80", "[fe80::1]", "/"},
		{"wss", "wss://a.example/", "a.example:443", "a.example", "/"},
		{"https", "https://a.example/", "a.example:443", "a.example", "/"},
		{"wss-default-port", "wss://a.example:443/", "a.example:443", "a.example", "/"},
		{"wss-port-80", "wss://a.example:80/", "a.example:80", "a.example:80", "/"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := alone(switching(), tt.addr)
				d := w.dialer()
				d.TLS = clientTLS()
				if strings.Contains(tt.name, "wss") && !strings.HasPrefix(tt.url, "ws:") || tt.name == "https" {
					w.hosts[tt.addr] = secured(w.answers(switching()))
				}
				mustDial(t, d, tt.url)
				r := w.request(t, 0)
				if w.dialled[0] != tt.addr || r.Host != tt.host || r.RequestURI != tt.target {
					t.Errorf("dialled %s for Host %s, target %s; want %s, %s, %s", w.dialled[0], r.Host, r.RequestURI, tt.addr, tt.host, tt.target)
				}
			})
		})
	}
}

func TestDialRefusesURL(t *testing.T) {
	for name, raw := range map[string]string{
		"empty":             "",
		"no-scheme":         "a.example/chat",
		"ftp":               "ftp://a.example/",
		"opaque":            "ws:a.example",
		"no-host":           "ws:///chat",
		"port-only":         "ws://:80/",
		"fragment":          "ws://a.example/#x",
		"empty-fragment":    "ws://a.example/#",
		"fragment-password": "ws://u:hun#ter2@a.example/",
		"bad-port":          "ws://u:hunter2@a.example:http/",
		"bad-escape":        "ws://u:hunter2%zz@a.example/",
		"space-in-host":     "ws://u:hunter2@a example/",
		"newline":           "ws://a.example/\r\nX: y",
		"newline-escaped":   "ws://a.example%0d%0aX/",
		"bad-ipv6":          "ws://[::1",
	} {
		t.Run(name, func(t *testing.T) {
			w := alone(switching())
			_, err := w.dialer().Dial(t.Context(), raw)
			if !errors.Is(err, conn.ErrURL) || len(w.dialled) > 0 {
				t.Errorf("Dial(%q) = %v after dialling %q; want ErrURL", raw, err, w.dialled)
			}
			if text := fmt.Sprint(err); strings.Contains(text, "hun") || strings.Contains(text, "ter2") {
				t.Errorf("the error %q shows the password", text)
			}
		})
	}
}

// What can't be sent is refused before anything is dialled.
func TestDialRefusesRequest(t *testing.T) {
	tests := []struct {
		name string
		url  string
		edit func(*conn.Dialer)
		want error
	}{
		{"value-with-crlf", "ws://a.example", func(d *conn.Dialer) { d.Header = http.Header{"X": {"a\r\nY: b"}} }, handshake.ErrHeaderField},
		{"name-with-crlf", "ws://a.example", func(d *conn.Dialer) { d.Header = http.Header{"X\r\nY": {"a"}} }, handshake.ErrHeaderField},
		{"host", "ws://a.example", func(d *conn.Dialer) { d.Header = http.Header{"Host": {"b"}} }, handshake.ErrHeaderField},
		{"own-key", "ws://a.example", func(d *conn.Dialer) { d.Header = http.Header{"Sec-Websocket-Key": {"b"}} }, handshake.ErrHeaderField},
		{"connection", "ws://a.example", func(d *conn.Dialer) { d.Header = http.Header{"connection": {"close"}} }, handshake.ErrHeaderField},
		{"subprotocol-no-token", "ws://a.example", func(d *conn.Dialer) { d.Subprotocols = []string{"a b"} }, handshake.ErrSubprotocol},
		{"subprotocol-twice", "ws://a.example", func(d *conn.Dialer) { d.Subprotocols = []string{"a", "a"} }, handshake.ErrSubprotocol},
		{"space-in-query", "ws://a.example/?a b", nil, handshake.ErrTarget},
		{"unicode-host", "ws://bücher.example/", nil, handshake.ErrHost},
		{"window", "ws://a.example", func(d *conn.Dialer) {
			d.Config.Compression = conn.Compression{Enabled: true, Params: handshake.DeflatePolicy{ServerMaxWindowBits: 16}}
		}, handshake.ErrExtension},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := alone(switching())
			d := w.dialer()
			if tt.edit != nil {
				tt.edit(d)
			}
			if _, err := d.Dial(t.Context(), tt.url); !errors.Is(err, tt.want) || len(w.dialled) > 0 {
				t.Errorf("Dial = %v after dialling %q; want %v", err, w.dialled, tt.want)
			}
		})
	}
}

func TestDialRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := alone(switching("Sec-WebSocket-Protocol: v1", "X-Server: yes"))
		d := w.dialer()
		d.Header = http.Header{"Origin": {"http://o.example"}, "X-Many": {"1", "2"}, "user-agent": {"test"}}
		d.Subprotocols = []string{"v2", "v1"}
		c := mustDial(t, d, "ws://a.example/")
		r := w.request(t, 0)
		h := r.Header
		key, err := base64.StdEncoding.DecodeString(h.Get("Sec-WebSocket-Key"))
		if err != nil || len(key) != 16 {
			t.Errorf("key %q", h.Get("Sec-WebSocket-Key"))
		}
		h.Del("Sec-WebSocket-Key")
		want := http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}, "Sec-Websocket-Version": {"13"},
			"Sec-Websocket-Protocol": {"v2, v1"}, "Origin": {"http://o.example"}, "X-Many": {"1", "2"}, "User-Agent": {"test"}}
		if diff := cmp.Diff(want, h); diff != "" || r.Method != "GET" || r.Proto != "HTTP/1.1" {
			t.Errorf("%s %s, header (-want +got):\n%s", r.Method, r.Proto, diff)
		}
		if c.Subprotocol() != "v1" || c.Response().Get("x-server") != "yes" || c.Request() != nil || c.Compressed() {
			t.Errorf("Subprotocol %q, Response %+v", c.Subprotocol(), c.Response())
		}
	})
}

func TestDialDrawsNewKeys(t *testing.T) {
	w := alone(switching())
	d := w.dialer()
	seen := map[string]bool{}
	for i := range 20 {
		mustDial(t, d, "ws://a.example/")
		seen[w.request(t, i).Header.Get("Sec-WebSocket-Key")] = true
	}
	if len(seen) != 20 {
		t.Errorf("%d different keys in 20 requests", len(seen))
	}
}

func TestDialBasicAuth(t *testing.T) {
	tests := []struct {
		name, url, header, want string
	}{
		{"user-and-password", "ws://u:p@a.example/", "", "Basic dTpw"},
		{"escaped", "ws://u:p%40%3A@a.example/", "", "Basic " + base64.StdEncoding.EncodeToString([]byte("u:p@:"))},
		{"user-only", "ws://u@a.example/", "", "Basic dTo="},
		{"header-wins", "ws://u:p@a.example/", "Bearer x", "Bearer x"},
		{"none", "ws://a.example/", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := alone(switching())
			d := w.dialer()
			if tt.header != "" {
				d.Header = http.Header{"authorization": {tt.header}}
			}
			mustDial(t, d, tt.url)
			if got := w.request(t, 0).Header.Values("Authorization"); strings.Join(got, "|") != tt.want {
				t.Errorf("Authorization %q, want %q", got, tt.want)
			}
		})
	}
}

func TestDialCookies(t *testing.T) {
	jar, _ := cookiejar.New(nil)
	w := alone(switching("Set-Cookie: a=1; Path=/", "Set-Cookie: b=2; Secure"))
	w.hosts["a.example:81"] = w.answers("HTTP/1.1 403 Forbidden\r\nSet-Cookie: c=3\r\nContent-Length: 0\r\n\r\n")
	w.hosts["a.example:443"] = secured(w.answers(switching("Set-Cookie: d=4; Secure")))
	d := w.dialer()
	d.Jar, d.TLS = jar, clientTLS()
	mustDial(t, d, "ws://a.example/")
	mustDial(t, d, "ws://a.example/")
	if _, err := d.Dial(t.Context(), "ws://a.example:81/"); err == nil {
		t.Error("403 was accepted")
	}
	mustDial(t, d, "wss://a.example/")
	d2 := w.dialer()
	d2.Jar, d2.Header = jar, http.Header{"Cookie": {"own=0", "own=00"}}
	mustDial(t, d2, "ws://a.example/")
	for i, want := range []string{"", "a=1", "a=1", "a=1; b=2; c=3", "own=0; own=00; a=1; c=3"} {
		got := w.request(t, i).Header.Values("Cookie")
		if strings.Join(got, "|") != want {
			t.Errorf("request %d: Cookie %q, want %q", i, got, want)
		}
	}
	if got := jar.Cookies(&url.URL{Scheme: "https", Host: "a.example", Path: "/"}); !slices.ContainsFunc(got, func(c *http.Cookie) bool { return c.Name == "d" }) {
		t.Errorf("the jar has %v for https", got)
	}
}

func TestDialCompression(t *testing.T) {
	tests := []struct {
		name   string
		params handshake.DeflatePolicy
		offer  string // "" is any
		answer string
		err    error
		want   bool
	}{
		{name: "agreed", offer: "permessage-deflate; client_max_window_bits", answer: "permessage-deflate", want: true},
		{name: "declined", answer: "", want: false},
		{name: "server-asks-for-less", answer: "permessage-deflate; client_max_window_bits=9; server_no_context_takeover", want: true},
		{name: "own-wishes", params: handshake.DeflatePolicy{ServerMaxWindowBits: 10, ClientMaxWindowBits: 11, ServerNoContextTakeover: true, ClientNoContextTakeover: true},
			answer: "permessage-deflate; server_max_window_bits=10; client_max_window_bits=11; server_no_context_takeover; client_no_context_takeover", want: true},
		{name: "server-takes-more", params: handshake.DeflatePolicy{ServerMaxWindowBits: 10}, answer: "permessage-deflate; server_max_window_bits=11", err: handshake.ErrExtension},
		{name: "not-offered", answer: "x-webkit-deflate-frame", err: handshake.ErrExtension},
		{name: "twice", answer: "permessage-deflate, permessage-deflate", err: handshake.ErrExtension},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := alone(switching("Sec-WebSocket-Extensions: " + tt.answer))
			d := w.dialer()
			d.Config.Compression = conn.Compression{Enabled: true, Params: tt.params}
			c, err := d.Dial(t.Context(), "ws://a.example")
			if !errors.Is(err, tt.err) || err == nil && c.Compressed() != tt.want {
				t.Fatalf("Dial: %v; want %v, compressed %t", err, tt.err, tt.want)
			}
			if err == nil {
				c.Abort()
			}
			if got := w.request(t, 0).Header.Get("Sec-WebSocket-Extensions"); tt.offer != "" && got != tt.offer {
				t.Errorf("offered %q, want %q", got, tt.offer)
			}
		})
	}
}

func TestDialRefused(t *testing.T) {
	long := strings.Repeat("0123456789", 1000)
	tests := []struct {
		name, answer string
		status       int
		body         string
		text         string
	}{
		{"404", "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone and more", 404, "gone", `conn: ws://u:xxxxx@a.example/ answered the handshake with 404 "Not Found": "gone"`},
		{"200", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", `conn: ws://u:xxxxx@a.example/ answered the handshake with 200 "OK": "hi"`},
		{"no-reason", "HTTP/1.1 503\r\nContent-Length: 0\r\n\r\n", 503, "", `conn: ws://u:xxxxx@a.example/ answered the handshake with 503`},
		{"no-body", "HTTP/1.1 204 No Content\r\n\r\njunk", 204, "", `conn: ws://u:xxxxx@a.example/ answered the handshake with 204 "No Content"`},
		{"redirect-not-followed", "HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n", 302, "", `conn: ws://u:xxxxx@a.example/ answered the handshake with 302 "Found"`},
		{"long-body", "HTTP/1.1 500 E\r\nContent-Length: 10000\r\n\r\n" + long, 500, long[:1024], `conn: ws://u:xxxxx@a.example/ answered the handshake with 500 "E": "` + long[:200] + `"`},
		{"chunked", "HTTP/1.1 400 Bad\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfirs\r\n1\r\nt\r\n0\r\n\r\n", 400, "first", `conn: ws://u:xxxxx@a.example/ answered the handshake with 400 "Bad": "first"`},
		{"control-characters", "HTTP/1.1 400 B\xff\r\nContent-Length: 8\r\n\r\n\x1b[2Ja\r\nb", 400, "\x1b[2Ja\r\nb", `conn: ws://u:xxxxx@a.example/ answered the handshake with 400 "B\xff": "\x1b[2Ja\r"`},
		{"long-reason", "HTTP/1.1 400 " + long + "\r\nContent-Length: 0\r\n\r\n", 400, "", `conn: ws://u:xxxxx@a.example/ answered the handshake with 400 "` + long[:64] + `"`},
		{"bad-length", "HTTP/1.1 400 B\r\nContent-Length: -5\r\n\r\nbody", 400, "body", `conn: ws://u:xxxxx@a.example/ answered the handshake with 400 "B": "body"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := alone(tt.answer)
				start := time.Now()
				c, err := w.dialer().Dial(t.Context(), "ws://u:hunter2@a.example/")
				e, ok := errors.AsType[*conn.DialError](err)
				if c != nil || !ok {
					t.Fatalf("Dial = %v, %v; want a *DialError", c, err)
				}
				if e.Status != tt.status || string(e.Body) != tt.body || e.Response.Status != tt.status || err.Error() != tt.text {
					t.Errorf("status %d, body %.40q, text\n%s\nwant %d, %.40q\n%s", e.Status, e.Body, err, tt.status, tt.body, tt.text)
				}
				if refused, ok := errors.AsType[*handshake.StatusError](err); !ok || refused.Status != tt.status {
					t.Errorf("%v wraps no StatusError", err)
				}
				if took := time.Since(start); took > time.Second {
					t.Errorf("took %v", took)
				}
			})
		})
	}
}

// A body that doesn't come is waited for one second, and never past the context;
// the status is returned all the same.
func TestDialRefusedSlowBody(t *testing.T) {
	for name, limit := range map[string]time.Duration{"linger": time.Hour, "context": time.Second / 4} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := alone("HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\nonly this")
				ctx, cancel := context.WithTimeout(t.Context(), limit)
				defer cancel()
				start := time.Now()
				_, err := w.dialer().Dial(ctx, "ws://a.example/")
				if e, ok := errors.AsType[*conn.DialError](err); !ok || string(e.Body) != "only this" {
					t.Errorf("Dial: %v", err)
				}
				elapsed(t, start, min(limit, time.Second))
			})
		})
	}
}

func TestDialErrorWithoutResponse(t *testing.T) {
	e := &conn.DialError{URL: "ws://h", Status: 404}
	if got := e.Error(); got != "conn: ws://h answered the handshake with 404" {
		t.Errorf("Error() = %q", got)
	}
}

func TestDialBadAnswer(t *testing.T) {
	early := strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", 5)
	tests := []struct {
		name, answer string
		want         error // nil: accepted
	}{
		{"good", switching(), nil},
		{"informational-first", early + switching(), nil},
		{"too-many-informational", early + "HTTP/1.1 100 Continue\r\n\r\n" + switching(), handshake.ErrSyntax},
		{"other-reason", strings.Replace(switching(), "Switching Protocols", "Web Socket Protocol Handshake", 1), nil},
		{"wrong-accept", strings.Replace(switching(), "ACCEPT", openingKey, 1), handshake.ErrAccept},
		{"no-accept", strings.Replace(switching(), "Sec-WebSocket-Accept", "X", 1), handshake.ErrAccept},
		{"two-accepts", switching("Sec-WebSocket-Accept: ACCEPT"), handshake.ErrAccept},
		{"no-upgrade", strings.Replace(switching(), "Upgrade: websocket", "X: y", 1), handshake.ErrUpgrade},
		{"no-connection", strings.Replace(switching(), "Connection: Upgrade", "X: y", 1), handshake.ErrUpgrade},
		{"http-1.0", strings.Replace(switching(), "HTTP/1.1", "HTTP/1.0", 1), handshake.ErrHTTPVersion},
		{"extension-not-asked-for", switching("Sec-WebSocket-Extensions: permessage-deflate"), handshake.ErrExtension},
		{"subprotocol-not-asked-for", switching("Sec-WebSocket-Protocol: v1"), handshake.ErrSubprotocol},
		{"bare-lf", strings.ReplaceAll(switching(), "\r\n", "\n"), handshake.ErrSyntax},
		{"obs-fold", switching("X: a\r\n b"), handshake.ErrSyntax},
		{"garbage", "\x16\x03\x03\x00\x02", handshake.ErrSyntax},
		{"ssh", "SSH-2.0-OpenSSH_9.2\r\n\r\n", handshake.ErrSyntax},
		{"huge", switching("X: " + strings.Repeat("x", 64<<10)), handshake.ErrHeaderTooLarge},
		{"many-fields", switching("X: y" + strings.Repeat("\r\nX: y", 200)), handshake.ErrHeaderTooLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := alone(tt.answer)
				start := time.Now()
				c, err := w.dialer().Dial(t.Context(), "ws://a.example/")
				if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
					t.Errorf("Dial: %v, want %v", err, tt.want)
				}
				if _, ok := errors.AsType[*conn.DialError](err); ok {
					t.Errorf("%v is a DialError", err)
				}
				if c != nil {
					c.Abort()
				}
				elapsed(t, start, 0)
			})
		})
	}
}

func TestDialMaxHeaderSize(t *testing.T) {
	for name, tt := range map[string]struct{ limit, size int }{
		"default": {0, 64 << 10}, "own": {1000, 1000},
	} {
		t.Run(name, func(t *testing.T) {
			for _, over := range []int{0, 1} {
				pad := tt.size + over - len(switching("X: ")) - len(openingKey) + len("ACCEPT")
				w := alone(switching("X: " + strings.Repeat("x", pad)))
				d := w.dialer()
				d.Config.MaxHeaderSize = tt.limit
				c, err := d.Dial(t.Context(), "ws://a.example/")
				if over == 0 && err != nil || over == 1 && !errors.Is(err, handshake.ErrHeaderTooLarge) {
					t.Errorf("%d bytes: %v", tt.size+over, err)
				}
				if c != nil {
					c.Abort()
				}
			}
		})
	}
}

func TestDialEndlessHeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := alone("")
		sent := make(chan int64, 1)
		w.hosts["a.example:80"] = func(nc net.Conn) {
			io.WriteString(nc, "HTTP/1.1 101 S\r\nX: ")
			n, _ := io.Copy(nc, letters{})
			sent <- n
		}
		if _, err := w.dialer().Dial(t.Context(), "ws://a.example/"); !errors.Is(err, handshake.ErrHeaderTooLarge) {
			t.Errorf("Dial: %v", err)
		}
		if n := <-sent; n > 256<<10 {
			t.Errorf("the server could send %d bytes", n)
		}
	})
}

// letters is an endless line.
type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestDialServerHangsUp(t *testing.T) {
	for name, text := range map[string]string{"at-once": "", "in-the-header": "HTTP/1.1 101 Swi", "after-informational": "HTTP/1.1 100 Continue\r\n\r\n"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := alone("")
				w.hosts["a.example:80"] = w.hangsUp(text)
				_, err := w.dialer().Dial(t.Context(), "ws://a.example/")
				if !errors.Is(err, io.EOF) || !strings.Contains(err.Error(), "before it had answered") {
					t.Errorf("Dial: %v", err)
				}
			})
		})
	}
	t.Run("refused", func(t *testing.T) {
		_, err := new(world).dialer().Dial(t.Context(), "ws://u:hunter2@a.example/")
		if !errors.Is(err, syscall.ECONNREFUSED) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("Dial: %v", err)
		}
	})
}

// However slow the server, Dial ends at the moment its context or
// HandshakeTimeout does, with that error.
func TestDialSlowServer(t *testing.T) {
	silent := func(nc net.Conn) { io.Copy(io.Discard, nc) }
	dribble := func(nc net.Conn) {
		for _, b := range []byte(switching()) {
			if _, err := nc.Write([]byte{b}); err != nil {
				return
			}
			time.Sleep(time.Second)
		}
	}
	stuck := func(nc net.Conn) { nc.Read(make([]byte, 1)); io.Copy(io.Discard, nc) }
	for name, tt := range map[string]struct {
		url   string
		serve func(net.Conn)
	}{
		"silent":        {"ws://a.example/", silent},
		"dribbling":     {"ws://a.example/", dribble},
		"informational": {"ws://a.example/", func(nc net.Conn) { io.WriteString(nc, "HTTP/1.1 100 C\r\n\r\n"); silent(nc) }},
		"tls-silent":    {"wss://a.example/", stuck},
		"tls-then-none": {"wss://a.example/", secured(silent)},
	} {
		for limit, set := range map[string]func(*conn.Dialer) (context.Context, context.CancelFunc){
			"context": func(*conn.Dialer) (context.Context, context.CancelFunc) {
				return context.WithTimeout(context.Background(), 3*time.Second)
			},
			"handshake-timeout": func(d *conn.Dialer) (context.Context, context.CancelFunc) {
				d.Config.HandshakeTimeout = 3 * time.Second
				return context.WithCancel(context.Background())
			},
		} {
			t.Run(name+"/"+limit, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := &world{hosts: map[string]func(net.Conn){"a.example:80": tt.serve, "a.example:443": tt.serve}}
					d := w.dialer()
					d.TLS = clientTLS()
					ctx, cancel := set(d)
					defer cancel()
					start := time.Now()
					if _, err := d.Dial(ctx, tt.url); !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("Dial: %v", err)
					}
					elapsed(t, start, 3*time.Second)
					time.Sleep(time.Second) // the dribbling server notices
				})
			})
		}
	}
	t.Run("cancelled", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := alone("")
			ctx, cancel := context.WithCancel(t.Context())
			go func() { synctest.Wait(); cancel() }()
			if _, err := w.dialer().Dial(ctx, "ws://a.example/"); !errors.Is(err, context.Canceled) {
				t.Errorf("Dial: %v", err)
			}
		})
	})
	t.Run("default", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			if _, err := alone("").dialer().Dial(t.Context(), "ws://a.example/"); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Dial: %v", err)
			}
			elapsed(t, start, 10*time.Second)
		})
	})
}

// deaf is a connection without deadlines, as those through an SSH client are.
type deaf struct{ net.Conn }

func (deaf) SetDeadline(time.Time) error      { return errors.ErrUnsupported }
func (deaf) SetReadDeadline(time.Time) error  { return errors.ErrUnsupported }
func (deaf) SetWriteDeadline(time.Time) error { return errors.ErrUnsupported }

func TestDialWithoutDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := alone("")
		d := w.dialer()
		d.NetDial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			nc, err := w.dial(ctx, network, addr)
			return deaf{nc}, err
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if _, err := d.Dial(ctx, "ws://a.example/"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Dial: %v", err)
		}
		elapsed(t, start, time.Second)
	})
}

// The context of Dial gives its values to the connection, and has no other effect
// on it.
func TestDialContextEndsLater(t *testing.T) {
	type key struct{}
	synctest.Test(t, func(t *testing.T) {
		w := alone("")
		w.hosts["a.example:80"] = w.answers(switching() + "\x81\x02hi")
		ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "value"))
		c, err := w.dialer().Dial(ctx, "ws://a.example/")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Abort()
		cancel()
		time.Sleep(time.Minute) // past HandshakeTimeout
		if _, p, err := c.Read(t.Context()); string(p) != "hi" || err != nil {
			t.Errorf("Read = %q, %v", p, err)
		}
		if c.Context().Err() != nil || c.Context().Value(key{}) != "value" {
			t.Errorf("Context is %v", c.Context())
		}
	})
}

// What comes in one segment with the 101 is kept.
func TestDialKeepsWhatFollows(t *testing.T) {
	for _, size := range []int{1, 125, 8000, 20_000} {
		synctest.Test(t, func(t *testing.T) {
			want := strings.Repeat("x", size)
			first := frame.AppendHeader(nil, frame.Header{Fin: true, Opcode: frame.Text, Length: int64(size)})
			w := alone("HTTP/1.1 100 Continue\r\n\r\n" + switching() + string(first) + want + "\x81\x04next")
			c := mustDial(t, w.dialer(), "ws://a.example/")
			for _, want := range []string{want, "next"} {
				if _, p, err := c.Read(t.Context()); string(p) != want || err != nil {
					t.Errorf("Read = %.20q, %v; want %.20q", p, err, want)
				}
			}
		})
	}
}

func TestDialFromManyGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := alone(switching())
		d := w.dialer()
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				c, err := d.Dial(t.Context(), "ws://a.example/")
				if err != nil {
					t.Error(err)
					return
				}
				c.Abort()
			})
		}
		all.Wait()
	})
}

// Over real sockets a failed Dial leaves neither goroutines nor descriptors.
func TestDialLeavesNothingBehind(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/hijacked": // and closed without an answer
			nc, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				nc.Close()
			}
		case "/silent":
			<-r.Context().Done()
		default:
			http.NotFound(w, r)
		}
	}))
	defer srv.Close()
	before := runtime.NumGoroutine()
	files := openFiles(t)
	for range 10 {
		for _, path := range []string{"/", "/hijacked", "/silent"} {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
			if c, err := conn.Dial(ctx, srv.URL+path); err == nil {
				t.Errorf("%s: accepted", path)
				c.Abort()
			}
			cancel()
		}
		if _, err := conn.Dial(t.Context(), strings.Replace(srv.URL, "http", "wss", 1)); err == nil {
			t.Error("TLS without a server for it")
		}
	}
	srv.CloseClientConnections()
	within(t, "cleaning up", func() {
		for runtime.NumGoroutine() > before+1 || openFiles(t) > files { // within has one itself
			runtime.Gosched()
		}
	})
}
