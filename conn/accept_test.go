package conn_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/internal/memconn"
	"github.com/godwit-ws/godwit/frame"
	"github.com/godwit-ws/godwit/handshake"
)

// accepted is what Accept returned.
type accepted struct {
	c   *conn.Conn
	err error
}

// accepting runs u.Accept on one end of a connection in memory and returns the
// other, and what will come of it.
func accepting(ctx context.Context, t testing.TB, u *conn.Upgrader) (net.Conn, <-chan accepted) {
	a, b := memPipe(t)
	done := make(chan accepted, 1)
	go func() {
		c, err := u.Accept(ctx, a)
		done <- accepted{c, err}
	}()
	return b, done
}

// acceptRaw has u accept request, and returns the connection and its peer, past
// the answer.
func acceptRaw(t testing.TB, u *conn.Upgrader, request string) (*conn.Conn, *peer, answer) {
	t.Helper()
	b, done := accepting(t.Context(), t, u)
	if _, err := io.WriteString(b, request); err != nil {
		t.Fatal(err)
	}
	got := <-done
	if got.err != nil {
		t.Fatalf("Accept: %v; answered with %q", got.err, readAll(b))
	}
	t.Cleanup(got.c.Abort)
	head := new(bytes.Buffer)
	for one := make([]byte, 1); !strings.HasSuffix(head.String(), "\r\n\r\n"); head.Write(one) {
		if _, err := io.ReadFull(b, one); err != nil {
			t.Fatal(err)
		}
	}
	return got.c, &peer{t, b}, readAnswer(t, bufio.NewReader(head))
}

func ExampleUpgrader_Accept() {
	server, client := memconn.Pipe()
	go io.WriteString(client, "GET /chat HTTP/1.1\r\nHost: example.com\r\n\r\n")
	go readAll(client)
	_, err := new(conn.Upgrader).Accept(context.Background(), server)
	fmt.Println(handshake.Status(err), errors.Is(err, handshake.ErrUpgrade))
	// Output: 426 true
}

func TestAcceptRefuses(t *testing.T) {
	for _, tt := range refusals {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				u := tt.upgrader
				if u == nil {
					u = new(conn.Upgrader)
				}
				start := time.Now()
				got, err := refusedRaw(t, u, tt.request)
				if tt.err != nil && !errors.Is(err, tt.err) || handshake.Status(err) != tt.status {
					t.Errorf("Accept: %v; want %v, status %d", err, tt.err, tt.status)
				}
				wantRefusal(t, got, tt.status, tt.header)
				if strings.Contains(fmt.Sprint(got), "hunter2") {
					t.Errorf("the peer was told %+v", got)
				}
				elapsed(t, start, 0)
			})
		})
	}
}

func TestAcceptRefusesBeforeTheEnd(t *testing.T) {
	// What can't become right is answered without waiting for more.
	for name, begun := range map[string]string{
		"tls-record":   "\x16",
		"bare-lf":      "GET / HTTP/1.1\nHost",
		"too-long":     "GET /" + strings.Repeat("a", 4096),
		"empty-line":   "\r",
		"socks":        "\x05\x01\x00",
		"space-before": " GET",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				b, done := accepting(t.Context(), t, new(conn.Upgrader))
				io.WriteString(b, begun)
				raw := readAll(b)
				if got := <-done; !strings.HasPrefix(raw, "HTTP/1.1 4") || got.err == nil {
					t.Errorf("Accept: %v, answered with %q", got.err, raw)
				}
				elapsed(t, start, 0)
			})
		})
	}
}

// A refusal reaches a client that hasn't finished sending: closing at once would
// make the kernel answer its bytes with a reset, which destroys what it hasn't
// read yet.
func TestAcceptRefusalReachesAClientThatKeepsSending(t *testing.T) {
	for name, wrap := range map[string]func(net.Conn) (server func(net.Conn) net.Conn, client net.Conn){
		"tcp": func(nc net.Conn) (func(net.Conn) net.Conn, net.Conn) {
			return func(nc net.Conn) net.Conn { return nc }, nc
		},
		"tls": func(nc net.Conn) (func(net.Conn) net.Conn, net.Conn) {
			cfg := clientTLS()
			cfg.ServerName = "a.example"
			return func(nc net.Conn) net.Conn { return tls.Server(nc, serverTLS()) }, tls.Client(nc, cfg)
		},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			raw, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			server, client := wrap(raw)
			defer raw.Close()
			ours, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			done := make(chan error, 1)
			go func() {
				_, err := conn.Accept(t.Context(), server(ours))
				done <- err
			}()
			sent := make(chan error, 1)
			go func() {
				_, err := io.WriteString(client, opening("Origin: http://evil")+strings.Repeat("more and more", 200<<10))
				client.(interface{ CloseWrite() error }).CloseWrite()
				sent <- err
			}()
			if err := <-sent; err != nil {
				t.Fatalf("sending: %v", err)
			}
			r := bufio.NewReader(client)
			wantRefusal(t, readAnswer(t, r), 403, nil)
			if rest, err := io.ReadAll(r); err != nil || len(rest) > 0 {
				t.Errorf("after the answer: %q, %v; want the end", rest, err)
			}
			raw.Close()
			if err := <-done; !errors.Is(err, handshake.ErrOrigin) {
				t.Errorf("Accept: %v", err)
			}
		})
	}
}

func TestAcceptMaxHeaderSize(t *testing.T) {
	tests := []struct {
		name         string
		limit, size  int
		wantAccepted bool
	}{
		{"default", 0, 4096, true},
		{"default-and-one", 0, 4097, false},
		{"own", 300, 300, true},
		{"own-and-one", 300, 301, false},
		{"larger", 100_000, 100_000, true},
		{"larger-and-one", 100_000, 100_001, false},
		{"unlimited", -1, 1 << 20, true},
	}
	for _, tt := range tests {
		for _, tail := range []string{"", string(whole(frame.Text, "hi"))} {
			t.Run(fmt.Sprintf("%s/tail=%d", tt.name, len(tail)), func(t *testing.T) {
				request := opening("X: ")
				request = opening("X: " + strings.Repeat("x", tt.size-len(request)))
				if len(request) != tt.size {
					t.Fatalf("request of %d bytes", len(request))
				}
				b, done := accepting(t.Context(), t, &conn.Upgrader{Config: conn.Config{MaxHeaderSize: tt.limit}})
				go io.WriteString(b, request+tail)
				if !tt.wantAccepted {
					wantRefusal(t, readAnswer(t, bufio.NewReader(b)), 431, nil)
					b.Close()
					if got := <-done; !errors.Is(got.err, handshake.ErrHeaderTooLarge) {
						t.Errorf("Accept: %v", got.err)
					}
					return
				}
				got := <-done
				if got.err != nil {
					t.Fatal(got.err)
				}
				defer got.c.Abort()
				if tail != "" {
					if op, p, err := got.c.Read(t.Context()); op != conn.Text || string(p) != "hi" || err != nil {
						t.Errorf("Read = %v %q, %v", op, p, err)
					}
				}
			})
		}
	}
}

func TestAcceptTooManyFields(t *testing.T) {
	_, err := refusedRaw(t, &conn.Upgrader{Config: conn.Config{MaxHeaderSize: -1}}, opening("A: "+strings.Repeat("\r\nA: b", 200)))
	if !errors.Is(err, handshake.ErrHeaderTooLarge) {
		t.Errorf("Accept: %v", err)
	}
}

// refusedRaw has u refuse request.
func refusedRaw(t testing.TB, u *conn.Upgrader, request string) (answer, error) {
	t.Helper()
	b, done := accepting(t.Context(), t, u)
	go io.WriteString(b, request)
	raw := make(chan string, 1)
	go func() { raw <- readAll(b) }()
	got := <-done
	if got.err == nil {
		got.c.Abort()
		t.Fatalf("Accept took %q", request)
	}
	return readAnswer(t, bufio.NewReader(strings.NewReader(<-raw))), got.err
}

func TestAcceptAnswer(t *testing.T) {
	c, _, got := acceptRaw(t, new(conn.Upgrader), opening("Sec-WebSocket-Protocol: chat", "Sec-WebSocket-Extensions: permessage-deflate"))
	h := got.Header
	if got.Status != 101 || h.Get("Upgrade") != "websocket" || h.Get("Connection") != "Upgrade" || h.Get("Sec-WebSocket-Accept") != openingKey {
		t.Errorf("answered with %+v", got)
	}
	for _, name := range []string{"Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"} {
		if h.Get(name) != "" {
			t.Errorf("%s: %s without being set up", name, h.Get(name))
		}
	}
	r := c.Request()
	if r.Path() != "/chat" || r.RawQuery() != "room=1" || r.Host() != "h" || c.Response() != nil {
		t.Errorf("Request is %+v", r)
	}
}

// However the request is cut, and whatever follows it at once, nothing is lost.
func TestAcceptDribbled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, done := accepting(t.Context(), t, new(conn.Upgrader))
		stream := opening() + string(whole(frame.Text, "first")) + string(whole(frame.Binary, "second"))
		go func() {
			for i := range len(stream) {
				io.WriteString(b, stream[i:i+1])
				synctest.Wait()
			}
		}()
		got := <-done
		if got.err != nil {
			t.Fatal(got.err)
		}
		defer got.c.Abort()
		for _, want := range []string{"first", "second"} {
			if _, p, err := got.c.Read(t.Context()); string(p) != want || err != nil {
				t.Errorf("Read = %q, %v; want %q", p, err, want)
			}
		}
	})
}

func TestAcceptKeepsWhatFollows(t *testing.T) {
	for _, size := range []int{0, 1, 100, 3900, 8000, 50_000} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			want := strings.Repeat("x", size)
			b, done := accepting(t.Context(), t, new(conn.Upgrader))
			go b.Write([]byte(opening() + string(whole(frame.Text, want)) + string(whole(frame.Text, "next"))))
			got := <-done
			if got.err != nil {
				t.Fatal(got.err)
			}
			defer got.c.Abort()
			for _, want := range []string{want, "next"} {
				if _, p, err := got.c.Read(t.Context()); string(p) != want || err != nil {
					t.Errorf("Read = %.20q, %v; want %.20q", p, err, want)
				}
			}
		})
	}
	t.Run("violation", func(t *testing.T) {
		c, p, _ := acceptRaw(t, new(conn.Upgrader), opening()+"\x81\x01a") // not masked
		_, _, err := c.Read(contextOf(p))
		wantEnd(t, err, frame.CodeProtocolError, false, nil)
	})
}

// contextOf closes p's connection with the context, so that nobody lingers.
func contextOf(p *peer) context.Context {
	go io.Copy(io.Discard, closeAtEnd{p.nc})
	return context.Background()
}

// closeAtEnd closes a connection when its peer does.
type closeAtEnd struct{ net.Conn }

func (c closeAtEnd) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err != nil {
		c.Close()
	}
	return n, err
}

func TestAcceptTLS(t *testing.T) {
	tests := []struct {
		name, request string
		status        int
	}{
		{"same-origin", opening("Origin: https://h"), 101},
		{"no-origin", opening(), 101},
		{"plain-origin", opening("Origin: http://h"), 403},
		{"bad-key", opening("Sec-WebSocket-Key: x"), 400},
		{"same-origin-wrapped", opening("Origin: https://h"), 101},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := memPipe(t)
				cfg := clientTLS()
				cfg.ServerName = "a.example"
				client := tls.Client(b, cfg)
				done := make(chan accepted, 1)
				go func() {
					secured := net.Conn(tls.Server(a, serverTLS()))
					if strings.HasSuffix(tt.name, "wrapped") {
						secured = struct{ *tls.Conn }{secured.(*tls.Conn)}
					}
					c, err := conn.Accept(t.Context(), secured)
					done <- accepted{c, err}
				}()
				if _, err := io.WriteString(client, tt.request); err != nil {
					t.Fatal(err)
				}
				r := bufio.NewReader(client)
				if got := readAnswer(t, r); got.Status != tt.status {
					t.Errorf("answered with %d, want %d", got.Status, tt.status)
				}
				if tt.status != 101 {
					if _, err := r.ReadByte(); err != io.EOF { // a close_notify, no cut
						t.Errorf("after the refusal: %v, want io.EOF", err)
					}
					b.Close()
				}
				if got := <-done; got.err == nil {
					got.c.Abort()
				}
			})
		})
	}
}

// net.Pipe neither buffers nor half-closes: that too must do.
func TestAcceptOverNetPipe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		done := make(chan error, 1)
		go func() {
			_, err := conn.Accept(t.Context(), a)
			done <- err
		}()
		io.WriteString(b, opening("Sec-WebSocket-Version: 8"))
		wantRefusal(t, readAnswer(t, bufio.NewReader(b)), 426, upgradeRequired)
		b.Close()
		if err := <-done; !errors.Is(err, handshake.ErrVersion) {
			t.Errorf("Accept: %v", err)
		}
	})
}
