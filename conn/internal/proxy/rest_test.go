package proxy_test

import (
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/godwit-ws/godwit/conn/internal/memconn"
	"github.com/godwit-ws/godwit/conn/internal/proxy"
)

// wrapped dials through a proxy whose reply comes with rest, and returns the wrapped connection and the
// target's end of it.
func wrapped(t *testing.T, hide func(net.Conn) net.Conn, rest string) (conn, far net.Conn) {
	t.Helper()
	ours, far := memconn.Pipe()
	io.WriteString(far, "HTTP/1.1 200 OK\r\n\r\n"+rest)
	dial := dialGiving(hide(ours))
	conn, err := proxy.Dial(t.Context(), dial, mustParse(t, "http://h"), "example.com:443", nil)
	if err != nil {
		t.Fatalf("Dial: %v", err)
	}
	t.Cleanup(func() { conn.Close(); far.Close() })
	take(far, len("CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n"))
	return conn, far
}

func asIs(conn net.Conn) net.Conn { return conn }

func TestRestIsReadInPieces(t *testing.T) {
	conn, far := wrapped(t, asIs, "rest, ")
	io.WriteString(far, "then more")
	far.Close()
	if n, err := conn.Read(nil); n != 0 || err != nil {
		t.Errorf("empty Read = %d, %v; want 0, nil", n, err)
	}
	got, err := io.ReadAll(iotest.OneByteReader(conn))
	if err != nil || string(got) != "rest, then more" {
		t.Errorf("read %q, %v", got, err)
	}
}

func TestRestReadConcurrently(t *testing.T) {
	conn, far := wrapped(t, asIs, "0123456789")
	far.Close()
	var mu sync.Mutex
	seen := make(map[byte]int)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			var p [1]byte
			for {
				if _, err := conn.Read(p[:]); err != nil {
					return
				}
				mu.Lock()
				seen[p[0]]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for c := byte('0'); c <= '9'; c++ {
		if seen[c] != 1 {
			t.Errorf("byte %q read %d times, want once", c, seen[c])
		}
	}
}

func TestRestIsGoneAfterClose(t *testing.T) {
	conn, _ := wrapped(t, asIs, "rest")
	conn.Close()
	if n, err := conn.Read(make([]byte, 4)); n != 0 || !errors.Is(err, net.ErrClosed) {
		t.Errorf("Read after Close = %d, %v; want net.ErrClosed", n, err)
	}
}

func TestRestKeepsHalfClose(t *testing.T) {
	t.Run("passed-on", func(t *testing.T) {
		conn, far := wrapped(t, asIs, "rest")
		if err := conn.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
			t.Fatalf("CloseWrite: %v", err)
		}
		if got, err := io.ReadAll(far); err != nil || len(got) != 0 {
			t.Errorf("the target read %q, %v; want its end", got, err)
		}
		if got := string(take(conn, 4)); got != "rest" {
			t.Errorf("read %q after CloseWrite, want the rest", got)
		}
	})
	t.Run("unsupported", func(t *testing.T) {
		conn, _ := wrapped(t, func(c net.Conn) net.Conn { return struct{ net.Conn }{c} }, "rest")
		if err := conn.(interface{ CloseWrite() error }).CloseWrite(); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("CloseWrite: %v, want errors.ErrUnsupported", err)
		}
	})
}
