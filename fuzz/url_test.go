package fuzz_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/handshake"
)

// FuzzURL: a URL that Dial takes leads to the address that net/url finds in it,
// and to a request that says what it says, adds nothing, and is right to net/http
// and to our own server. No error tells its password.
func FuzzURL(f *testing.F) {
	f.Fuzz(func(t *testing.T, raw string) {
		s := &silentServer{}
		d := conn.Dialer{
			NetDial: s.dial,
			Proxy:   func(*url.URL) (*url.URL, error) { return nil, nil },
			Config:  conn.Config{HandshakeTimeout: -1},
		}
		c, err := d.Dial(context.Background(), raw)
		if c != nil || err == nil {
			t.Fatalf("Dial(%q) = %v, %v, though nobody answers", raw, c, err)
		}
		u, parseErr := url.Parse(raw)
		if s.addr == "" {
			known := errors.Is(err, conn.ErrURL) || errors.Is(err, handshake.ErrHost) || errors.Is(err, handshake.ErrTarget)
			if !known || plainURL.MatchString(raw) {
				t.Fatalf("Dial(%q) dials nothing: %v", raw, err)
			}
			return
		}
		if parseErr != nil || u.Fragment != "" || u.Opaque != "" {
			t.Fatalf("Dial(%q) dials %s; for net/url it is %+v, %v", raw, s.addr, u, parseErr)
		}
		checkAddress(t, u, s.addr)
		checkSecret(t, u, err)
		if secure := u.Scheme == "wss" || u.Scheme == "https"; !secure && s.wrote.Len() > 0 {
			checkRequest(t, u, s.wrote.Bytes())
		} else if secure && bytes.Contains(s.wrote.Bytes(), []byte("HTTP/1.1\r\n")) {
			t.Fatalf("Dial(%q) sends %q in the clear", raw, s.wrote.Bytes())
		}
	})
}

// plainURL matches URLs that there is no reason to refuse.
var plainURL = regexp.MustCompile(`^(?:ws|http)s?://[a-z0-9.-]+(?::[0-9]{1,4})?(?:/(?:[A-Za-z0-9/]|%20)*)?(?:\?[a-z0-9=&]*)?$`)

// silentServer is a network with one server, which takes one connection and what
// is sent on it, and closes without a word.
type silentServer struct {
	net.Conn // nil: what isn't below must not be called
	addr     string
	wrote    bytes.Buffer
}

func (s *silentServer) dial(_ context.Context, network, addr string) (net.Conn, error) {
	if network != "tcp" || s.addr != "" {
		return nil, errors.New("dialed over " + network + ", or twice")
	}
	s.addr = addr
	return s, nil
}

func (s *silentServer) Read([]byte) (int, error)    { return 0, io.EOF }
func (s *silentServer) Write(p []byte) (int, error) { return s.wrote.Write(p) }
func (s *silentServer) Close() error                { return nil }
func (s *silentServer) SetDeadline(time.Time) error { return nil }

// checkAddress: the address is that of the URL, with the scheme's port if it names
// none.
func checkAddress(t *testing.T, u *url.URL, addr string) {
	t.Helper()
	port := map[string]string{"ws": "80", "http": "80", "wss": "443", "https": "443"}[u.Scheme]
	if u.Port() != "" {
		port = u.Port()
	}
	host, got, err := net.SplitHostPort(addr)
	if err != nil || host != u.Hostname() || got != port || port == "" || host == "" {
		t.Fatalf("%q leads to %q, want %q and %q: %v", u, addr, u.Hostname(), port, err)
	}
}

// checkSecret: errors end in logs.
func checkSecret(t *testing.T, u *url.URL, err error) {
	t.Helper()
	password, _ := u.User.Password()
	if len(password) < 4 || strings.Contains(u.Redacted(), password) {
		return // none, or one that occurs elsewhere
	}
	if strings.Contains(err.Error(), password) {
		t.Fatalf("the error for %q says %q", u, err)
	}
}

// hostField returns what Host has to say: no port that goes without saying, no
// zone, which means nothing elsewhere (RFC 6874 §4).
func hostField(u *url.URL) string {
	host, _, _ := strings.Cut(u.Hostname(), "%")
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port := u.Port(); port != "" && port != "80" {
		host += ":" + port
	}
	return host
}

// target returns the request target: of the query, too, what is no printable ASCII
// is escaped.
func target(u *url.URL) string {
	escaped := *u
	escaped.RawQuery = rawBytes.ReplaceAllStringFunc(u.RawQuery, func(raw string) string {
		return strings.ReplaceAll(fmt.Sprintf(" % X", raw), " ", "%")
	})
	return escaped.RequestURI()
}

var rawBytes = regexp.MustCompile(`[^!-~]+`)

// checkRequest reads what was sent.
func checkRequest(t *testing.T, u *url.URL, sent []byte) {
	t.Helper()
	in := bufio.NewReader(bytes.NewReader(sent))
	req, err := http.ReadRequest(in)
	if err != nil || in.Buffered() > 0 {
		t.Fatalf("%q leads to %q: %v", u, sent, err)
	}
	if req.Host != hostField(u) || req.Method != "GET" || req.RequestURI != target(u) {
		t.Fatalf("%q leads to %q", u, sent)
	}
	names := []string{"Connection", "Sec-Websocket-Key", "Sec-Websocket-Version", "Upgrade"}
	if u.User != nil {
		names = append(names, "Authorization")
	}
	for name, values := range req.Header {
		if !slices.Contains(names, name) || len(values) != 1 {
			t.Fatalf("%q leads to field %s: %q", u, name, values)
		}
	}
	user, password, ok := req.BasicAuth()
	wantPassword, _ := u.User.Password()
	// A colon in the user's name can't be told from the one behind it (RFC 7617 §2).
	if ok != (u.User != nil) || ok && user+":"+password != u.User.Username()+":"+wantPassword {
		t.Fatalf("%q logs in with %q and %q", u, user, password)
	}
	var r handshake.Request
	if err := r.Parse(string(sent)); err != nil {
		t.Fatalf("%q leads to %q: %v", u, sent, err)
	}
	policy := handshake.Policy{}
	if _, err := policy.Check(&r, handshake.HTTP, netip.Addr{}); err != nil {
		t.Fatalf("%q leads to a request that our server refuses, %q: %v", u, sent, err)
	}
}
