package conn_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
)

// What was read of a released connection is read again, in whatever pieces, and
// what comes after it too; no deadline is left.
func TestReleaseGivesAllBack(t *testing.T) {
	for _, size := range []int{1, 7, 4096} {
		synctest.Test(t, func(t *testing.T) {
			begin := opening("-Upgrade") + "pipelined"
			o, b := received(t, new(conn.Upgrader), begin)
			if o.AsksUpgrade() {
				t.Error("AsksUpgrade without Upgrade")
			}
			nc := o.Release()
			time.Sleep(time.Minute)
			io.WriteString(b, ", and more")
			b.(interface{ CloseWrite() error }).CloseWrite()
			var got strings.Builder
			for p := make([]byte, size); ; {
				n, err := nc.Read(p)
				got.Write(p[:n])
				if err != nil {
					break
				}
			}
			if want := begin + ", and more"; got.String() != want {
				t.Errorf("read %q, want %q", got.String(), want)
			}
			go io.WriteString(nc, "answer")
			one := make([]byte, 6)
			if _, err := io.ReadFull(b, one); string(one) != "answer" || err != nil {
				t.Errorf("the client read %q, %v", one, err)
			}
			nc.(interface{ CloseWrite() error }).CloseWrite()
			if _, err := b.Read(one); err != io.EOF {
				t.Errorf("after CloseWrite: %v", err)
			}
		})
	}
}

// After Close nothing is read, what was there before included.
func TestReleaseClosed(t *testing.T) {
	o, b := received(t, new(conn.Upgrader), opening())
	nc := o.Release()
	nc.Close()
	if n, err := nc.Read(make([]byte, 10)); n != 0 || !errors.Is(err, net.ErrClosed) {
		t.Errorf("Read = %d, %v", n, err)
	}
	if _, err := b.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the client read %v", err)
	}
}

// net.Pipe can't close one direction, and has no TLS.
func TestReleaseOverNetPipe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		go io.WriteString(b, opening())
		o, err := new(conn.Upgrader).Receive(t.Context(), a, nil)
		if err != nil {
			t.Fatal(err)
		}
		nc := o.Release()
		defer nc.Close()
		if err := nc.(interface{ CloseWrite() error }).CloseWrite(); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("CloseWrite = %v", err)
		}
		if _, ok := nc.(interface{ ConnectionState() tls.ConnectionState }); ok {
			t.Error("a state of TLS where there is none")
		}
	})
}

// Over TCP net/http finds what sends files without copying them, and the file
// arrives.
func TestReleaseOverTCP(t *testing.T) {
	a, b := sockets(t, "tcp", "127.0.0.1:0")
	defer b.Close()
	io.WriteString(b, "GET /file HTTP/1.1\r\nHost: h\r\n\r\n")
	o, err := new(conn.Upgrader).Receive(t.Context(), a, nil)
	if err != nil {
		t.Fatal(err)
	}
	nc := o.Release()
	if _, ok := nc.(io.ReaderFrom); !ok {
		t.Errorf("%T is no io.ReaderFrom", nc)
	}
	path := filepath.Join(t.TempDir(), "file")
	want := strings.Repeat("content ", 20_000)
	if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, path) })}
	defer srv.Close()
	go srv.Serve(once(t, nc))
	within(t, "the file", func() {
		resp, err := http.ReadResponse(bufio.NewReader(b), nil)
		if err != nil {
			t.Error(err)
			return
		}
		if got, err := io.ReadAll(resp.Body); string(got) != want || err != nil {
			t.Errorf("%d bytes came, %v; want %d", len(got), err, len(want))
		}
	})
}

// once is a listener with one connection, then nothing until it is closed.
func once(t testing.TB, nc net.Conn) net.Listener {
	l := &memListener{conns: make(chan net.Conn, 1), done: make(chan struct{})}
	l.conns <- nc
	t.Cleanup(func() { l.Close() })
	return l
}

// net/http serves what isn't for us: over TLS too, and a request that came behind
// it on the same connection, even one that it then upgrades with our help.
func TestReleaseToNetHTTP(t *testing.T) {
	cfg := clientTLS()
	cfg.ServerName = "a.example"
	for _, tt := range []struct {
		name   string
		server func(net.Conn) net.Conn
		client func(net.Conn) net.Conn
		secure bool
	}{
		{"plain", func(nc net.Conn) net.Conn { return nc }, func(nc net.Conn) net.Conn { return nc }, false},
		{"tls", func(nc net.Conn) net.Conn { return tls.Server(nc, serverTLS()) }, func(nc net.Conn) net.Conn { return tls.Client(nc, cfg) }, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := memPipe(t)
				client := tt.client(b)
				go io.WriteString(client, "GET /page HTTP/1.1\r\nHost: h\r\n\r\n"+opening()+string(whole(frame.Text, "early")))
				o, err := new(conn.Upgrader).Receive(t.Context(), tt.server(a), nil)
				if err != nil {
					t.Fatal(err)
				}
				done := make(chan accepted, 1)
				srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if (r.TLS != nil) != tt.secure {
						t.Errorf("TLS is %v", r.TLS)
					}
					if r.URL.Path == "/page" {
						io.WriteString(w, "a page")
						return
					}
					c, err := conn.Upgrade(w, r)
					done <- accepted{c, err}
				})}
				defer srv.Close()
				go srv.Serve(once(t, o.Release()))
				r := bufio.NewReader(client)
				resp, err := http.ReadResponse(r, nil)
				if err != nil {
					t.Fatal(err)
				}
				if body, err := io.ReadAll(resp.Body); string(body) != "a page" || err != nil {
					t.Errorf("net/http answered %q, %v", body, err)
				}
				if got := readAnswer(t, r); got.Status != 101 {
					t.Errorf("then %+v", got)
				}
				got := <-done
				if got.err != nil {
					t.Fatal(got.err)
				}
				defer got.c.Abort()
				if _, m, err := got.c.Read(t.Context()); string(m) != "early" || err != nil {
					t.Errorf("Read = %q, %v", m, err)
				}
			})
		})
	}
}

// What net/http hasn't read of a released connection when it gives it away isn't
// lost: more than its buffer holds.
func TestReleaseThenUpgradeKeepsWhatFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := memPipe(t)
		want := strings.Repeat("x", 30_000)
		stream := opening() + string(whole(frame.Text, want)) + string(whole(frame.Text, "next"))
		o, err := new(conn.Upgrader).Receive(t.Context(), a, []byte(stream))
		if err != nil {
			t.Fatal(err)
		}
		h, done := upgrading(new(conn.Upgrader))
		srv := &http.Server{Handler: h}
		defer srv.Close()
		go srv.Serve(once(t, o.Release()))
		(&peer{t, b}).skipHeader()
		c := (<-done).c
		defer c.Abort()
		for _, want := range []string{want, "next"} {
			if _, m, err := c.Read(t.Context()); string(m) != want || err != nil {
				t.Errorf("Read = %.20q, %v; want %.20q", m, err, want)
			}
		}
	})
}
