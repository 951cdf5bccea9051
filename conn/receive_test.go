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
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/internal/memconn"
	"github.com/godwit-ws/godwit/frame"
	"github.com/godwit-ws/godwit/handshake"
)

// received has u receive request, and returns the Opening and the client's end.
func received(t testing.TB, u *conn.Upgrader, request string) (*conn.Opening, net.Conn) {
	t.Helper()
	a, b := memPipe(t)
	if _, err := io.WriteString(b, request); err != nil {
		t.Fatal(err)
	}
	o, err := u.Receive(t.Context(), a, nil)
	if err != nil {
		t.Fatal(err)
	}
	return o, b
}

func ExampleUpgrader_Receive() {
	server, client := memconn.Pipe()
	go io.WriteString(client, "GET /cellar HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\n\r\n")
	go readAll(client)
	u := new(conn.Upgrader)
	o, err := u.Receive(context.Background(), server, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	if o.AsksUpgrade() && o.Request.Path() != "/chat" {
		fmt.Println(o.Refuse(handshake.ErrNotFound))
	}
	// Output: conn: opening handshake: handshake: not found
}

func TestReceiveLooksBeforeItAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, b := received(t, new(conn.Upgrader), opening("Origin: http://h")+string(whole(frame.Text, "early")))
		if !o.AsksUpgrade() || o.Request.Path() != "/chat" || o.Scheme != handshake.HTTP || o.Peer.IsValid() {
			t.Errorf("Opening of %q, scheme %v, peer %v", o.Request.Target, o.Scheme, o.Peer)
		}
		if err := o.Check(); err != nil {
			t.Fatal(err)
		}
		b.SetReadDeadline(time.Now().Add(time.Second))
		if n, err := b.Read(make([]byte, 1)); n != 0 || !errors.Is(err, context.DeadlineExceeded) && !timeout(err) {
			t.Errorf("before the answer the client read %d bytes, %v", n, err)
		}
		b.SetReadDeadline(time.Time{})
		c, err := o.Accept(conn.Answer{})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Abort()
		p := &peer{t, b}
		p.skipHeader()
		if _, m, err := c.Read(t.Context()); string(m) != "early" || err != nil {
			t.Errorf("Read = %q, %v", m, err)
		}
		if c.Request() != o.Request {
			t.Error("the connection has another Request")
		}
		time.Sleep(time.Minute) // HandshakeTimeout is over: there is no deadline any more
		p.send(whole(frame.Text, "late"))
		if _, m, err := c.Read(t.Context()); string(m) != "late" || err != nil {
			t.Errorf("Read = %q, %v", m, err)
		}
	})
}

// Check calls the Upgrader's Check once, however often it is asked, and Accept
// doesn't ask again.
func TestReceiveChecksOnce(t *testing.T) {
	for _, fails := range []bool{false, true} {
		calls := 0
		u := &conn.Upgrader{Check: func(*handshake.Request) ([]handshake.Field, error) {
			calls++
			if fails {
				return nil, errPrivate
			}
			return []handshake.Field{{Name: "X-By", Value: "check"}}, nil
		}}
		o, b := received(t, u, opening())
		go readAll(b)
		first := o.Check()
		if again := o.Check(); !errors.Is(again, first) || (first != nil) != fails || fails && handshake.Status(first) != 403 {
			t.Errorf("Check = %v, then %v", first, again)
		}
		c, err := o.Accept(conn.Answer{})
		if c != nil {
			c.Abort()
		}
		if fails != errors.Is(err, errPrivate) || calls != 1 {
			t.Errorf("Accept = %v after %d calls of Check", err, calls)
		}
	}
}

// Scheme and Peer may be set to what a proxy says of the client.
func TestReceiveBehindAProxy(t *testing.T) {
	u := &conn.Upgrader{Origins: handshake.Origins{LocalFiles: true}}
	for _, tt := range []struct {
		name, origin string
		change       func(o *conn.Opening)
		err          error
	}{
		{"plain", "https://h", func(*conn.Opening) {}, handshake.ErrOrigin},
		{"tls-before-us", "https://h", func(o *conn.Opening) { o.Scheme = handshake.HTTPS }, nil},
		{"from-nowhere", "null", func(*conn.Opening) {}, handshake.ErrOrigin},
		{"from-here", "null", func(o *conn.Opening) { o.Peer = netip.MustParseAddr("127.0.0.1") }, nil},
		{"from-elsewhere", "null", func(o *conn.Opening) { o.Peer = netip.MustParseAddr("192.0.2.1") }, handshake.ErrOrigin},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o, b := received(t, u, opening("Origin: "+tt.origin))
			tt.change(o)
			if err := o.Check(); !errors.Is(err, tt.err) {
				t.Errorf("Check = %v, want %v", err, tt.err)
			}
			b.Close()
			o.Refuse(handshake.ErrForbidden)
		})
	}
}

func TestReceivePeer(t *testing.T) {
	a, b := sockets(t, "tcp", "127.0.0.1:0")
	defer b.Close()
	io.WriteString(b, opening())
	o, err := new(conn.Upgrader).Receive(t.Context(), a, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Release().Close()
	if o.Peer != netip.MustParseAddr("127.0.0.1") {
		t.Errorf("Peer is %v", o.Peer)
	}
}

// What was read before, behind the header of a proxy, counts as received: all of
// a request, a part of it, or more than it.
func TestReceiveWhatWasReadBefore(t *testing.T) {
	stream := opening() + string(whole(frame.Text, "first")) + string(whole(frame.Text, strings.Repeat("2", 20_000)))
	for _, n := range []int{0, 1, 50, len(opening()) - 1, len(opening()), len(opening()) + 3, len(stream)} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := memPipe(t)
				go io.WriteString(b, stream[n:])
				before := []byte(stream[:n])
				o, err := new(conn.Upgrader).Receive(t.Context(), a, before)
				if err != nil {
					t.Fatal(err)
				}
				for i := range before {
					before[i] = '#' // it is ours again
				}
				c, err := o.Accept(conn.Answer{})
				if err != nil {
					t.Fatal(err)
				}
				defer c.Abort()
				for _, want := range []string{"first", strings.Repeat("2", 20_000)} {
					if _, m, err := c.Read(t.Context()); string(m) != want || err != nil {
						t.Errorf("Read = %.20q, %v; want %.20q", m, err, want)
					}
				}
			})
		})
	}
	t.Run("timeout-behind-a-part", func(t *testing.T) { // a part of a request has come, so it is answered
		synctest.Test(t, func(t *testing.T) {
			a, b := memPipe(t)
			start, got := time.Now(), make(chan string, 1)
			go func() { got <- readAll(b) }()
			_, err := new(conn.Upgrader).Receive(t.Context(), a, []byte("GET"))
			if !errors.Is(err, handshake.ErrTimeout) {
				t.Errorf("Receive: %v", err)
			}
			wantRefusal(t, readAnswer(t, bufio.NewReader(strings.NewReader(<-got))), 408, nil)
			elapsed(t, start, 10*time.Second)
		})
	})
	t.Run("too-long", func(t *testing.T) {
		a, b := memPipe(t)
		go readAll(b)
		_, err := new(conn.Upgrader).Receive(t.Context(), a, bytes.Repeat([]byte("A"), 100_000))
		if !errors.Is(err, handshake.ErrHeaderTooLarge) {
			t.Errorf("Receive: %v", err)
		}
	})
}

func TestOpeningAnswer(t *testing.T) {
	offer := opening("Sec-WebSocket-Protocol: v1, v2")
	u := &conn.Upgrader{Subprotocols: []string{"v1"}, Check: func(*handshake.Request) ([]handshake.Field, error) {
		return []handshake.Field{{Name: "Set-Cookie", Value: "a=1"}}, nil
	}}
	tests := []struct {
		name, request, subprotocol string
		answer                     conn.Answer
		cookies                    []string
		err                        error
	}{
		{"as-the-policy-says", offer, "v1", conn.Answer{}, []string{"a=1"}, nil},
		{"with-fields", offer, "v1", conn.Answer{Fields: []handshake.Field{{Name: "Set-Cookie", Value: "b=2"}}}, []string{"a=1", "b=2"}, nil},
		{"other-subprotocol", offer, "v2", conn.Answer{Subprotocol: "v2"}, []string{"a=1"}, nil},
		{"subprotocol-not-offered", offer, "", conn.Answer{Subprotocol: "v3"}, nil, handshake.ErrSubprotocolChoice},
		{"no-subprotocol-offered", opening(), "", conn.Answer{Subprotocol: "v1"}, nil, handshake.ErrSubprotocolChoice},
		{"bad-field", offer, "", conn.Answer{Fields: []handshake.Field{{Name: "A", Value: "b\r\nX: hunter2"}}}, nil, handshake.ErrHeaderField},
		{"reserved-field", offer, "", conn.Answer{Fields: []handshake.Field{{Name: "Upgrade", Value: "h2c"}}}, nil, handshake.ErrHeaderField},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o, b := received(t, u, tt.request)
			got := make(chan answer, 1)
			go func() { got <- readAnswer(t, bufio.NewReader(b)); b.Close() }()
			c, err := o.Accept(tt.answer)
			if !errors.Is(err, tt.err) {
				t.Fatalf("Accept: %v, want %v", err, tt.err)
			}
			a := <-got
			if err != nil {
				wantRefusal(t, a, 500, nil)
				return
			}
			defer c.Abort()
			if c.Subprotocol() != tt.subprotocol || a.Header.Get("Sec-WebSocket-Protocol") != tt.subprotocol {
				t.Errorf("Subprotocol %q, answered %q; want %q", c.Subprotocol(), a.Header.Get("Sec-WebSocket-Protocol"), tt.subprotocol)
			}
			if diff := cmp.Diff(tt.cookies, a.Header.Values("Set-Cookie")); diff != "" {
				t.Errorf("Set-Cookie (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOpeningRefuse(t *testing.T) {
	for _, tt := range []struct {
		name   string
		err    error
		status int
	}{
		{"sentinel", handshake.ErrUnavailable, 503},
		{"wrapped", fmt.Errorf("w: %w", handshake.ErrNotFound), 404},
		{"refusal", &handshake.Refusal{Status: 418, Reason: "short and stout"}, 418},
		{"other", errPrivate, 400},
		{"nil", nil, 500},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o, b := received(t, new(conn.Upgrader), opening())
				got := make(chan string, 1)
				go func() { got <- readAll(b) }()
				err := o.Refuse(tt.err)
				if err == nil || !errors.Is(err, tt.err) && tt.err != nil || handshake.Status(err) != tt.status {
					t.Errorf("Refuse = %v; want %v, status %d", err, tt.err, tt.status)
				}
				a := readAnswer(t, bufio.NewReader(strings.NewReader(<-got)))
				wantRefusal(t, a, tt.status, nil)
				if strings.Contains(a.Body, "hunter2") {
					t.Errorf("the peer was told %q", a.Body)
				}
			})
		})
	}
}

// An answer is given once: another one says so, and does no harm to the first.
func TestOpeningIsAnsweredOnce(t *testing.T) {
	for name, first := range map[string]func(*conn.Opening) *conn.Conn{
		"accepted": func(o *conn.Opening) *conn.Conn { c, _ := o.Accept(conn.Answer{}); return c },
		"refused":  func(o *conn.Opening) *conn.Conn { o.Refuse(handshake.ErrForbidden); return nil },
		"released": func(o *conn.Opening) *conn.Conn { o.Release(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o, b := received(t, new(conn.Upgrader), opening())
				c := first(o)
				if again, err := o.Accept(conn.Answer{}); again != nil || err == nil {
					t.Errorf("Accept = %v, %v", again, err)
				}
				if err := o.Refuse(handshake.ErrForbidden); err == nil || errors.Is(err, handshake.ErrForbidden) {
					t.Errorf("Refuse = %v", err)
				}
				if nc := o.Release(); nc != nil {
					t.Errorf("Release = %v", nc)
				}
				if o.Request.Path() != "/chat" || !o.AsksUpgrade() {
					t.Error("the request is gone")
				}
				if c == nil {
					return
				}
				defer c.Abort()
				p := &peer{t, b}
				p.skipHeader()
				p.send(whole(frame.Text, "m"))
				if _, m, err := c.Read(t.Context()); string(m) != "m" || err != nil {
					t.Errorf("Read = %q, %v", m, err)
				}
			})
		})
	}
}

// HandshakeTimeout runs on while the caller looks at the request.
func TestOpeningTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, b := received(t, new(conn.Upgrader), opening())
		time.Sleep(11 * time.Second)
		if _, err := o.Accept(conn.Answer{}); !timeout(err) {
			t.Errorf("Accept: %v, want a timeout", err)
		}
		if got := readAll(b); got != "" {
			t.Errorf("the client got %q", got)
		}
	})
	synctest.Test(t, func(t *testing.T) { // a refusal has a second of its own
		o, b := received(t, new(conn.Upgrader), opening())
		time.Sleep(11 * time.Second)
		got := make(chan string, 1)
		go func() { got <- readAll(b) }()
		o.Refuse(handshake.ErrUnavailable)
		wantRefusal(t, readAnswer(t, bufio.NewReader(strings.NewReader(<-got))), 503, nil)
	})
	synctest.Test(t, func(t *testing.T) { // it was turned off
		o, _ := received(t, &conn.Upgrader{Config: conn.Config{HandshakeTimeout: -1}}, opening())
		time.Sleep(time.Hour)
		c, err := o.Accept(conn.Answer{})
		if err != nil {
			t.Fatal(err)
		}
		c.Abort()
	})
}

// Until the answer, the end of Receive's context closes the connection.
func TestOpeningContextEnds(t *testing.T) {
	answers := map[string]func(*conn.Opening) error{
		"accept": func(o *conn.Opening) error { _, err := o.Accept(conn.Answer{}); return err },
		"release": func(o *conn.Opening) error {
			nc := o.Release()
			if _, err := io.ReadAll(nc); err == nil {
				t.Error("a connection that was closed reads on")
			}
			return context.Canceled
		},
	}
	for name, end := range answers {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				a, b := memPipe(t)
				io.WriteString(b, opening())
				o, err := new(conn.Upgrader).Receive(ctx, a, nil)
				if err != nil {
					t.Fatal(err)
				}
				cancel()
				if got := readAll(b); got != "" {
					t.Errorf("the client got %q", got)
				}
				if err := end(o); !errors.Is(err, context.Canceled) {
					t.Errorf("ended with %v", err)
				}
			})
		})
	}
}

func TestReceiveTLS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := memPipe(t)
		cfg := clientTLS()
		cfg.ServerName = "a.example"
		client := tls.Client(b, cfg)
		go io.WriteString(client, opening("Origin: https://h"))
		o, err := new(conn.Upgrader).Receive(t.Context(), tls.Server(a, serverTLS()), nil)
		if err != nil || o.Scheme != handshake.HTTPS {
			t.Fatalf("Receive: %v, scheme %v", err, o.Scheme)
		}
		c, err := o.Accept(conn.Answer{})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Abort()
		p := &peer{t, client}
		p.skipHeader()
		p.send(whole(frame.Text, "m"))
		if _, m, err := c.Read(t.Context()); string(m) != "m" || err != nil {
			t.Errorf("Read = %q, %v", m, err)
		}
	})
}
