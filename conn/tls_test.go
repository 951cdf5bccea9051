package conn_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
)

// pairTLS returns the two ends of a connection over TLS.
func pairTLS(t testing.TB, cfg conn.Config) (server, client *conn.Conn) {
	t.Helper()
	served := make(chan *conn.Conn, 1)
	u := conn.Upgrader{Config: cfg}
	srv := httptest.NewTLSServer(u.Handler(func(c *conn.Conn) error {
		served <- c
		<-c.Context().Done()
		return nil
	}))
	t.Cleanup(srv.Close)
	d := conn.Dialer{Config: cfg, TLS: srv.Client().Transport.(*http.Transport).TLSClientConfig}
	client, err := d.Dial(t.Context(), strings.Replace(srv.URL, "https", "wss", 1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Abort)
	server = <-served
	t.Cleanup(server.Abort) // nobody may be reading there
	return server, client
}

// hidden is a connection that doesn't show what it is.
type hidden struct{ net.Conn }

// pairHiddenTLS is pairTLS, but neither end can know that it is over TLS.
func pairHiddenTLS(t testing.TB, cfg conn.Config) (server, client *conn.Conn) {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", serverTLS())
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	d := conn.Dialer{Config: cfg, NetDial: func(ctx context.Context, network, addr string) (net.Conn, error) {
		nc, err := (&tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}).DialContext(ctx, network, addr)
		return hidden{nc}, err
	}}
	dialled := make(chan *conn.Conn, 1)
	go func() {
		c, err := d.Dial(t.Context(), "ws://"+l.Addr().String())
		if err != nil {
			t.Error(err)
		}
		dialled <- c
	}()
	nc, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	server, err = (&conn.Upgrader{Config: cfg}).Accept(t.Context(), hidden{nc})
	if err != nil {
		t.Fatal(err)
	}
	client = <-dialled
	t.Cleanup(server.Abort)
	t.Cleanup(client.Abort)
	return server, client
}

// A context that ends during a write over TLS leaves the connection usable,
// although crypto/tls can't take up a write that was broken off.
func TestTLSWriteContext(t *testing.T) {
	for name, pair := range map[string]func(testing.TB, conn.Config) (*conn.Conn, *conn.Conn){"plain-to-see": pairTLS, "hidden": pairHiddenTLS} {
		t.Run(name, func(t *testing.T) {
			server, client := pair(t, conn.Config{MaxMessageSize: -1})
			testWriteContext(t, server, client)
		})
	}
}

func testWriteContext(t *testing.T, server, client *conn.Conn) {
	big := bytes.Repeat([]byte("b"), 32<<20)
	ctx, cancel := context.WithCancel(t.Context())
	_, r, err := start(t, server, func() {
		if err := client.Write(ctx, conn.Binary, big); !errors.Is(err, conn.ErrWriteUnfinished) {
			t.Errorf("Write = %v", err)
		}
	}, cancel)
	if err != nil {
		t.Fatal(err)
	}
	var next sync.WaitGroup
	next.Go(func() {
		if err := client.WriteText(t.Context(), "next"); err != nil {
			t.Error(err)
		}
	})
	got := 0
	for b := make([]byte, 64<<10); ; {
		n, err := r.Read(b)
		got += n
		if err != nil {
			break
		}
	}
	if got != len(big) {
		t.Errorf("got %d bytes of %d", got, len(big))
	}
	if _, m, err := server.Read(t.Context()); string(m) != "next" {
		t.Errorf("Read = %q, %v", m, err)
	}
	next.Wait()
}

// start begins a message in the background, ends its context once a part of it
// has arrived, and returns the reader of it when the write has given up.
func start(t *testing.T, server *conn.Conn, write, cancel func()) (conn.Opcode, *conn.MessageReader, error) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); write() }()
	op, r, err := server.Reader(t.Context())
	cancel()
	within(t, "a write whose context has ended", func() { <-done })
	return op, r, err
}

func TestTLSReadContext(t *testing.T) {
	server, client := pairTLS(t, conn.Config{})
	for i := range 5 {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Millisecond)
		if _, _, err := server.Read(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("Read = %v", err)
		}
		cancel()
		message := strings.Repeat("m", i*30_000)
		client.WriteText(t.Context(), message)
		if _, got, err := server.Read(t.Context()); string(got) != message {
			t.Fatalf("Read = %d bytes, %v; want %d", len(got), err, len(message))
		}
	}
}

func TestTLSEchoWithAContextUsedAgain(t *testing.T) {
	server, client := pairTLS(t, conn.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := echoInto(server, ctx, 100_000)
	for _, n := range []int{0, 125, 20_000, 100_000} {
		message := strings.Repeat("m", n)
		if err := client.WriteText(ctx, message); err != nil {
			t.Fatal(err)
		}
		if _, got, err := client.Read(ctx); string(got) != message {
			t.Fatalf("Read = %d bytes, %v; want %d", len(got), err, n)
		}
	}
	if err := client.Close(ctx, frame.CodeNormal, ""); err != nil {
		t.Error(err)
	}
	<-done
}

// Over TLS a connection that waits holds a small buffer, whatever it has read before: the
// rest of a record is there without asking the system.
func TestTLSWaitsWithLittleMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client, _ := overMemoryTLS(t, conn.Config{}, conn.Config{})
		go server.Run(echoing{})
		message := make([]byte, 100_000)
		if err := client.Write(t.Context(), conn.Binary, message); err != nil {
			t.Fatal(err)
		}
		if _, got, err := client.Read(t.Context()); len(got) != len(message) || err != nil {
			t.Fatalf("%d bytes came back, %v", len(got), err)
		}
		if err := client.WriteText(t.Context(), "short"); err != nil {
			t.Fatal(err)
		}
		if _, got, err := client.Read(t.Context()); string(got) != "short" || err != nil {
			t.Fatalf("%q came back, %v", got, err)
		}
		synctest.Wait()
		if n := server.Scratch(); n > 1<<10 {
			t.Errorf("it holds %d bytes", n)
		}
		client.Abort()
		server.Abort()
	})
}
