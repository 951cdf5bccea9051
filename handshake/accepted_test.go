package handshake_test

import (
	"errors"
	"testing"

	"github.com/godwit-ws/godwit/handshake"
)

func TestAppendAccepted(t *testing.T) {
	a := handshake.Accepted{
		AcceptKey: "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", Subprotocol: "chat", Compressed: true,
		Deflate: handshake.Deflate{ServerNoContextTakeover: true, ServerMaxWindowBits: 12, ClientMaxWindowBits: 15},
	}
	const want = "HTTP/1.1 101 Switching Protocols\r\n" +
		"Upgrade: websocket\r\n" +
		"Connection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" +
		"Sec-WebSocket-Protocol: chat\r\n" +
		"Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; server_max_window_bits=12\r\n" +
		"Server: x\r\n" +
		"Set-Cookie: a=b\r\n" +
		"\r\n"
	got, err := handshake.AppendAccepted([]byte("before"), a, []handshake.Field{{Name: "Server", Value: "x"}, {Name: "Set-Cookie", Value: "a=b"}})
	if string(got) != "before"+want || err != nil {
		t.Errorf("AppendAccepted = %q, %v; want %q", got, err, want)
	}
}

func TestAppendAcceptedRefusesFields(t *testing.T) {
	for _, f := range []handshake.Field{
		{Name: "", Value: "x"}, {Name: "A B", Value: "x"}, {Name: "A:", Value: "x"}, {Name: "A\r\nB", Value: "x"},
		{Name: "A", Value: "x\r\nB: y"}, {Name: "A", Value: "x\n"}, {Name: "A", Value: "\r"}, {Name: "A", Value: "\x00"}, {Name: "A", Value: "\x7f"},
		{Name: "Connection", Value: "close"}, {Name: "upgrade", Value: "x"}, {Name: "Content-Length", Value: "0"}, {Name: "Transfer-Encoding", Value: "chunked"},
		{Name: "Host", Value: "x"}, {Name: "Sec-WebSocket-Accept", Value: "x"}, {Name: "sec-websocket-extensions", Value: "x"}, {Name: "Sec-WebSocket-X", Value: "x"},
	} {
		got, err := handshake.AppendAccepted([]byte("before"), handshake.Accepted{}, []handshake.Field{{Name: "Ok", Value: "y"}, f})
		if string(got) != "before" || !errors.Is(err, handshake.ErrHeaderField) {
			t.Errorf("%+v: %q, %v; want nothing appended and ErrHeaderField", f, got, err)
		}
		if err := f.Check(); !errors.Is(err, handshake.ErrHeaderField) {
			t.Errorf("%+v: Check = %v, want ErrHeaderField", f, err)
		}
	}
}

func TestAppendAcceptedDoesNotAllocate(t *testing.T) {
	a := handshake.Accepted{AcceptKey: "x", Subprotocol: "y", Compressed: true, Deflate: handshake.Deflate{ServerMaxWindowBits: 12, ClientMaxWindowBits: 9}}
	extra := []handshake.Field{{Name: "Set-Cookie", Value: "z"}}
	dst := make([]byte, 0, 512)
	allocs := testing.AllocsPerRun(100, func() {
		if _, err := handshake.AppendAccepted(dst, a, extra); err != nil {
			t.Fatal(err)
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations, want 0", allocs)
	}
}
