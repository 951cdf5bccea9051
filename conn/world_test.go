package conn_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/internal/memconn"
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
