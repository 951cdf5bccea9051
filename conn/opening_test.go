package conn_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/handshake"
)

// opening returns an opening request with changes: a request line, a field in
// place of that of its name, "-Name" for a field left out, "+Name: value" for one
// more.
func opening(changes ...string) string {
	lines := []string{"GET /chat?room=1 HTTP/1.1", "Host: h", "Upgrade: websocket", "Connection: Upgrade",
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"}
	for _, change := range changes {
		name, _, _ := strings.Cut(strings.TrimLeft(change, "+-"), ":")
		at := -1
		for i, line := range lines {
			if strings.HasPrefix(line, name+":") {
				at = i
			}
		}
		switch {
		case strings.Contains(change, " HTTP/"):
			lines[0] = change
		case change[0] == '-':
			lines = append(lines[:at], lines[at+1:]...)
		case change[0] == '+':
			lines = append(lines, change[1:])
		case at < 0:
			lines = append(lines, change)
		default:
			lines[at] = change
		}
	}
	return strings.Join(lines, "\r\n") + "\r\n\r\n"
}

// openingKey is the answer to opening's key (RFC 6455 §1.3).
const openingKey = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

// answer is a whole answer, as a client has it.
type answer struct {
	Status int
	Header http.Header
	Body   string
}

// readAnswer reads an answer from r.
func readAnswer(t testing.TB, r *bufio.Reader) answer {
	t.Helper()
	resp, err := http.ReadResponse(r, &http.Request{Method: "GET"})
	if err != nil {
		t.Fatalf("reading the answer: %v", err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("reading the answer's body: %v after %q", err, body)
	}
	if !resp.Close && resp.StatusCode != http.StatusSwitchingProtocols {
		t.Errorf("answer %d without Connection: close", resp.StatusCode)
	}
	return answer{resp.StatusCode, resp.Header, string(body)}
}

// wantRefusal checks what every refusal has, and the fields of want.
func wantRefusal(t testing.TB, got answer, status int, want http.Header) {
	t.Helper()
	if got.Status != status {
		t.Errorf("status %d, want %d", got.Status, status)
	}
	if length := got.Header.Get("Content-Length"); length != strconv.Itoa(len(got.Body)) || len(got.Body) < 10 {
		t.Errorf("Content-Length %q with the body %q", length, got.Body)
	}
	for name, values := range want {
		if diff := cmp.Diff(values, got.Header.Values(name)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

var upgradeRequired = http.Header{"Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"}}

// checked is an Upgrader whose Check returns err.
func checked(err error) *conn.Upgrader {
	return &conn.Upgrader{Check: func(*handshake.Request) ([]handshake.Field, error) { return nil, err }}
}

// errPrivate is an error of the server's own: no peer may read its text.
var errPrivate = errors.New("the database password is hunter2")

// refusals are opening requests that aren't accepted, over a bare connection and
// over net/http.
var refusals = []struct {
	name     string
	request  string
	upgrader *conn.Upgrader // nil: the zero one
	err      error
	status   int
	header   http.Header
	netHTTP  int // what net/http says by itself; 0: it leaves the answer to us, -1: it repairs the request, or waits for more
}{
	{name: "no-http", request: "\x16\x03\x01\x02\x00\x01", err: handshake.ErrSyntax, status: 400, netHTTP: -1},
	{name: "bare-lf", request: "GET / HTTP/1.1\nHost: h\n\n", err: handshake.ErrSyntax, status: 400, netHTTP: -1},
	{name: "nul", request: opening("A: b\x00c"), err: handshake.ErrSyntax, status: 400, netHTTP: 400},
	{name: "obs-fold", request: opening("A: b\r\n c"), err: handshake.ErrSyntax, status: 400, netHTTP: -1},
	{name: "space-before-colon", request: opening("Host : h"), err: handshake.ErrSyntax, status: 400, netHTTP: 400},
	{name: "post", request: opening("POST / HTTP/1.1"), err: handshake.ErrMethod, status: 405, header: http.Header{"Allow": {"GET"}}},
	{name: "http-1.0", request: opening("GET / HTTP/1.0"), err: handshake.ErrHTTPVersion, status: 400},
	{name: "http-2.0", request: opening("GET / HTTP/2.0"), err: handshake.ErrSyntax, status: 400, netHTTP: 505},
	{name: "target-with-fragment", request: opening("GET /a#b HTTP/1.1"), err: handshake.ErrSyntax, status: 400, netHTTP: -1},
	{name: "target-elsewhere", request: opening("GET http://other/ HTTP/1.1"), err: handshake.ErrTarget, status: 400, netHTTP: -1},
	{name: "content-length", request: opening("Content-Length: 4") + "body", err: handshake.ErrBody, status: 400},
	{name: "content-length-0", request: opening("Content-Length: 0"), err: handshake.ErrBody, status: 400},
	{name: "chunked", request: opening("Transfer-Encoding: chunked") + "0\r\n\r\n", err: handshake.ErrBody, status: 400},
	{name: "two-hosts", request: opening("+Host: h"), err: handshake.ErrDuplicate, status: 400, netHTTP: 400},
	{name: "two-keys", request: opening("+Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="), err: handshake.ErrDuplicate, status: 400},
	{name: "two-versions", request: opening("+Sec-WebSocket-Version: 13"), err: handshake.ErrDuplicate, status: 400},
	{name: "no-upgrade", request: opening("-Upgrade"), err: handshake.ErrUpgrade, status: 426, header: upgradeRequired},
	{name: "upgrade-to-h2c", request: opening("Upgrade: h2c"), err: handshake.ErrUpgrade, status: 426, header: upgradeRequired},
	{name: "no-connection", request: opening("-Connection"), err: handshake.ErrUpgrade, status: 426, header: upgradeRequired},
	{name: "connection-keep-alive", request: opening("Connection: keep-alive"), err: handshake.ErrUpgrade, status: 426, header: upgradeRequired},
	{name: "no-version", request: opening("-Sec-WebSocket-Version"), err: handshake.ErrVersion, status: 426, header: upgradeRequired},
	{name: "version-12", request: opening("Sec-WebSocket-Version: 12"), err: handshake.ErrVersion, status: 426, header: upgradeRequired},
	{name: "no-key", request: opening("-Sec-WebSocket-Key"), err: handshake.ErrKey, status: 400},
	{name: "short-key", request: opening("Sec-WebSocket-Key: aGVsbG8="), err: handshake.ErrKey, status: 400},
	{name: "key-not-base64", request: opening("Sec-WebSocket-Key: !GhlIHNhbXBsZSBub25jZQ=="), err: handshake.ErrKey, status: 400},
	{name: "no-host", request: opening("-Host"), err: handshake.ErrHost, status: 400, netHTTP: 400},
	{name: "bad-host", request: opening("Host: a b"), err: handshake.ErrHost, status: 400, netHTTP: 400},
	{name: "other-origin", request: opening("Origin: http://evil"), err: handshake.ErrOrigin, status: 403},
	{name: "bad-subprotocol", request: opening("Sec-WebSocket-Protocol: a b"), err: handshake.ErrSubprotocol, status: 400},
	{name: "bad-extension", request: opening("Sec-WebSocket-Extensions: a;;"), err: handshake.ErrExtension, status: 400},

	{name: "check-plain-error", request: opening(), upgrader: checked(errPrivate), err: errPrivate, status: 403},
	{name: "check-network-error", request: opening(), upgrader: checked(&net.OpError{Op: "dial", Err: errPrivate}), err: errPrivate, status: 403},
	{name: "check-unauthorized", request: opening(), upgrader: checked(handshake.ErrUnauthorized), err: handshake.ErrUnauthorized, status: 401,
		header: http.Header{"Www-Authenticate": {`Basic realm="websocket", charset="UTF-8"`}}},
	{name: "check-not-found", request: opening(), upgrader: checked(handshake.ErrNotFound), err: handshake.ErrNotFound, status: 404},
	{name: "check-too-many", request: opening(), upgrader: checked(handshake.ErrTooManyRequests), err: handshake.ErrTooManyRequests, status: 429,
		header: http.Header{"Retry-After": {"10"}}},
	{name: "check-unavailable", request: opening(), upgrader: checked(handshake.ErrUnavailable), err: handshake.ErrUnavailable, status: 503,
		header: http.Header{"Retry-After": {"10"}}},
	{name: "check-refusal", request: opening(), status: 400, err: errPrivate,
		upgrader: checked(&handshake.Refusal{Status: 400, Err: errPrivate, Reason: "room 1 is full", Fields: []handshake.Field{{Name: "X-Room", Value: "1"}}}),
		header:   http.Header{"X-Room": {"1"}}},
	{name: "check-refusal-without-status", request: opening(), status: 403, err: errPrivate, upgrader: checked(&handshake.Refusal{Err: errPrivate})},
	{name: "check-redirect", request: opening(), status: 307,
		upgrader: checked(&handshake.Refusal{Status: 307, Fields: []handshake.Field{{Name: "Location", Value: "/b"}}}),
		header:   http.Header{"Location": {"/b"}}},
	{name: "check-brings-a-bad-field", request: opening(), err: handshake.ErrHeaderField, status: 500,
		upgrader: &conn.Upgrader{Check: func(*handshake.Request) ([]handshake.Field, error) {
			return []handshake.Field{{Name: "Set-Cookie", Value: "a=b\r\nX: hunter2"}}, nil
		}}},
	{name: "subprotocol-not-offered", request: opening("Sec-WebSocket-Protocol: a"), err: handshake.ErrSubprotocolChoice, status: 500,
		upgrader: &conn.Upgrader{SelectSubprotocol: func([]string) string { return "b" }}},
}

// certificate is one for a.example, b.example and proxy.example, valid also at the
// time of a bubble, and the pool that trusts it.
var certificate = sync.OnceValues(func() (tls.Certificate, *x509.CertPool) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		NotBefore:             time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:              time.Date(2090, 1, 1, 0, 0, 0, 0, time.UTC),
		DNSNames:              []string{"a.example", "b.example", "proxy.example"},
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	pool := x509.NewCertPool()
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
})

// serverTLS is a server's configuration with certificate.
func serverTLS() *tls.Config {
	cert, _ := certificate()
	return &tls.Config{Certificates: []tls.Certificate{cert}}
}

// clientTLS is that of a client that trusts certificate.
func clientTLS() *tls.Config {
	_, pool := certificate()
	return &tls.Config{RootCAs: pool}
}
