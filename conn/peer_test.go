package conn_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/internal/memconn"
	"github.com/godwit-ws/godwit/frame"
)

// peer is a client that writes and reads frames by hand, and may do wrong.
type peer struct {
	t  testing.TB
	nc net.Conn
}

const openingRequest = "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"

// accept returns a server's connection in memory, and the peer at its other end.
func accept(t testing.TB, cfg conn.Config) (*conn.Conn, *peer) {
	t.Helper()
	a, b := memconn.Pipe()
	return acceptOn(t, cfg, a, b)
}

// acceptTCP is accept over loopback.
func acceptTCP(t testing.TB, cfg conn.Config) (*conn.Conn, *peer) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	b, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	a, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return acceptOn(t, cfg, a, b)
}

func acceptOn(t testing.TB, cfg conn.Config, server, client net.Conn) (*conn.Conn, *peer) {
	t.Helper()
	request := openingRequest
	if cfg.Compression.Enabled {
		request += "Sec-WebSocket-Extensions: permessage-deflate\r\n"
	}
	if _, err := io.WriteString(client, request+"\r\n"); err != nil {
		t.Fatal(err)
	}
	c, err := (&conn.Upgrader{Config: cfg}).Accept(context.Background(), server)
	if err != nil {
		t.Fatal(err)
	}
	p := &peer{t, client}
	p.skipHeader()
	t.Cleanup(func() { c.Abort(); client.Close() })
	return c, p
}

// skipHeader reads the answer to the handshake.
func (p *peer) skipHeader() {
	p.t.Helper()
	var got []byte
	for b := make([]byte, 1); !bytes.HasSuffix(got, []byte("\r\n\r\n")); got = append(got, b...) {
		if _, err := io.ReadFull(p.nc, b); err != nil {
			p.t.Fatalf("answer to the handshake: %v, after %q", err, got)
		}
	}
}

// masked returns a client's frame.
func masked(h frame.Header, payload string) []byte {
	h.Masked, h.Key, h.Length = true, 0x01020304, int64(len(payload))
	b := frame.AppendHeader(nil, h)
	at := len(b)
	b = append(b, payload...)
	frame.Mask(b[at:], h.Key)
	return b
}

// whole returns a client's unfragmented frame.
func whole(op frame.Opcode, payload string) []byte {
	return masked(frame.Header{Fin: true, Opcode: op}, payload)
}

func (p *peer) send(b ...[]byte) {
	p.t.Helper()
	if _, err := p.nc.Write(bytes.Join(b, nil)); err != nil {
		p.t.Fatalf("peer writes: %v", err)
	}
}

// read returns the next frame, its payload and nil, or what the stream ended
// with.
func (p *peer) read() (frame.Header, string, error) {
	var b []byte
	for {
		h, n, err := frame.ParseHeader(b)
		switch {
		case err == nil:
			payload := make([]byte, h.Length)
			if _, err := io.ReadFull(p.nc, payload); err != nil {
				return h, "", err
			}
			if n != len(b) {
				return h, "", fmt.Errorf("header of %d bytes in %d", n, len(b))
			}
			return h, string(payload), nil
		case !errors.Is(err, frame.ErrShort):
			return h, "", err
		}
		next := make([]byte, 1)
		if _, err := io.ReadFull(p.nc, next); err != nil {
			return h, "", err
		}
		b = append(b, next...)
	}
}

// want reads a frame and compares it.
func (p *peer) want(op frame.Opcode, payload string) {
	p.t.Helper()
	h, got, err := p.read()
	if err != nil || !h.Fin || h.Opcode != op || got != payload {
		p.t.Fatalf("peer read %+v %.40q, %v; want %v %.40q", h, got, err, op, payload)
	}
}

// wantClose reads a Close frame with the code; 0 is an empty one.
func (p *peer) wantClose(code frame.Code) {
	p.t.Helper()
	h, got, err := p.read()
	if err != nil || h.Opcode != frame.Close {
		p.t.Fatalf("peer read %+v %.40q, %v; want a Close", h, got, err)
	}
	if code == 0 && got == "" {
		return
	}
	if len(got) < 2 || frame.Code(binary.BigEndian.Uint16([]byte(got))) != code {
		p.t.Fatalf("peer read a Close of % x; want code %d", got, code)
	}
}

// wantEOF reads the end of the stream.
func (p *peer) wantEOF() {
	p.t.Helper()
	if h, got, err := p.read(); !errors.Is(err, io.EOF) {
		p.t.Fatalf("peer read %+v %.40q, %v; want the end", h, got, err)
	}
}

// wantEnd checks how a connection ended.
func wantEnd(t testing.TB, err error, code frame.Code, remote bool, cause error) {
	t.Helper()
	var e *conn.CloseError
	switch {
	case !errors.As(err, &e):
		t.Fatalf("error is %v; want a *CloseError", err)
	case !errors.Is(err, net.ErrClosed):
		t.Errorf("error %v is not net.ErrClosed", err)
	case e.Code != code || e.Remote != remote:
		t.Errorf("ended with %v, remote %t; want %v, remote %t (%v)", e.Code, e.Remote, code, remote, err)
	case cause != nil && !errors.Is(err, cause):
		t.Errorf("ended by %v; want cause %v", err, cause)
	}
}

// within fails the test unless f returns soon; it is for real sockets only.
func within(t testing.TB, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatalf("%s takes too long", what)
	}
}

// memPipe returns a connection in memory that is closed with the test.
func memPipe(t testing.TB) (a, b net.Conn) {
	a, b = memconn.Pipe()
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

// readAll reads nc to its end, and closes it.
func readAll(nc net.Conn) string {
	got, _ := io.ReadAll(nc)
	nc.Close()
	return string(got)
}
