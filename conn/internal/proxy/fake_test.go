package proxy_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/godwit-ws/godwit/conn/internal/memconn"
	"github.com/godwit-ws/godwit/conn/internal/proxy"
)

// listen serves connections on loopback with handle until the test ends, and returns the address.
// When the test ends, open connections are closed and the handlers awaited.
func listen(t *testing.T, handle func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	open := make(map[net.Conn]bool)
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open[conn] = true
			mu.Unlock()
			wg.Go(func() {
				defer conn.Close()
				handle(conn)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for conn := range open {
			conn.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return l.Addr().String()
}

// inMemory returns a dial function whose connections lead to handle, which runs until its end of the
// connection is closed, and a function that awaits all handlers.
func inMemory(handle func(net.Conn)) (proxy.DialFunc, func()) {
	var wg sync.WaitGroup
	dial := func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := memconn.Pipe()
		wg.Go(func() {
			defer theirs.Close()
			handle(theirs)
		})
		return ours, nil
	}
	return dial, wg.Wait
}

// echo returns everything it reads.
func echo(conn net.Conn) { io.Copy(conn, conn) }

// relay joins two connections until both directions have ended.
func relay(a, b net.Conn) {
	var wg sync.WaitGroup
	for _, pair := range [][2]net.Conn{{a, b}, {b, a}} {
		wg.Go(func() {
			io.Copy(pair[0], pair[1])
			pair[0].(interface{ CloseWrite() error }).CloseWrite()
		})
	}
	wg.Wait()
}

// connectProxy is an HTTP proxy that wants the given Proxy-Authorization, if it isn't empty.
func connectProxy(authorization string) func(net.Conn) {
	return func(conn net.Conn) {
		// One byte at a time, so that the buffer takes nothing of what follows the request.
		req, err := http.ReadRequest(bufio.NewReaderSize(iotest.OneByteReader(conn), 16))
		if err != nil {
			return
		}
		if req.Method != http.MethodConnect || req.Host != req.RequestURI {
			io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n")
			return
		}
		if authorization != "" && req.Header.Get("Proxy-Authorization") != authorization {
			io.WriteString(conn, "HTTP/1.1 407 Say the magic word\r\nProxy-Authenticate: Basic\r\n\r\n")
			return
		}
		far, err := net.Dial("tcp", req.Host)
		if err != nil {
			io.WriteString(conn, "HTTP/1.1 502 Bad Gateway\r\n\r\n")
			return
		}
		defer far.Close()
		io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n")
		relay(conn, far)
	}
}

// certificate returns a TLS configuration for a server at 127.0.0.1 and one that trusts it.
func certificate(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return &tls.Config{Certificates: s.TLS.Certificates}, &tls.Config{RootCAs: roots}
}

// mustParse parses a URL that is part of a test.
func mustParse(t *testing.T, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// roundTrip sends text through a connection to an echo server and wants it back, then end of file
// after closing the writing side.
func roundTrip(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatalf("write through proxy: %v", err)
	}
	if err := conn.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		t.Fatalf("CloseWrite: %v", err)
	}
	got, err := io.ReadAll(conn)
	if err != nil || string(got) != text {
		t.Fatalf("through proxy came %q, %v; want %q", got, err, text)
	}
}

// dialGiving returns a dial function that gives conn.
func dialGiving(conn net.Conn) proxy.DialFunc {
	return func(context.Context, string, string) (net.Conn, error) { return conn, nil }
}
