package conn_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/internal/memconn"
	"github.com/godwit-ws/godwit/frame"
	"github.com/godwit-ws/godwit/handshake"
)

// A client that neither reads on nor closes is waited for one second, and one
// that sends for ever 8 MiB.
func TestAcceptLingersForALimitedTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		b, done := accepting(t.Context(), t, new(conn.Upgrader))
		io.WriteString(b, opening("-Upgrade"))
		<-done
		elapsed(t, start, time.Second)
	})
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		b, done := accepting(t.Context(), t, new(conn.Upgrader))
		io.WriteString(b, opening("-Upgrade"))
		n, err := io.Copy(b, endless{})
		<-done
		if err == nil || n < 8<<20 || n > 9<<20 {
			t.Errorf("the client could send %d bytes (%v), want 8 MiB", n, err)
		}
		elapsed(t, start, 0)
	})
}

// endless is a reader without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// Who speaks no TLS on a TLS port, or stops in the middle of its handshake, gets no
// HTTP answer and costs no more than HandshakeTimeout.
func TestAcceptTLSHandshakeFails(t *testing.T) {
	for name, sent := range map[string]string{"plain-http": opening(), "nothing": "", "half-a-record": "\x16\x03\x01\x02"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := memPipe(t)
				start := time.Now()
				io.WriteString(b, sent)
				got := make(chan string, 1)
				go func() { got <- readAll(b) }()
				_, err := conn.Accept(t.Context(), tls.Server(a, serverTLS()))
				if err == nil || strings.Contains(<-got, "HTTP/1.1 4") {
					t.Errorf("Accept: %v", err)
				}
				if took := time.Since(start); took > 11*time.Second {
					t.Errorf("took %v", took)
				}
			})
		})
	}
}

func TestAcceptContext(t *testing.T) {
	for name, sent := range map[string]string{"silent": "", "half-a-request": opening()[:50]} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
				defer cancel()
				start := time.Now()
				b, done := accepting(ctx, t, new(conn.Upgrader))
				io.WriteString(b, sent)
				got := <-done
				if !errors.Is(got.err, context.DeadlineExceeded) {
					t.Errorf("Accept: %v", got.err)
				}
				elapsed(t, start, 3*time.Second)
				if answered := readAll(b); answered != "" {
					t.Errorf("answered with %q", answered)
				}
			})
		})
	}
	t.Run("already-ended", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, done := accepting(ctx, t, new(conn.Upgrader))
			if got := <-done; !errors.Is(got.err, context.Canceled) {
				t.Errorf("Accept: %v", got.err)
			}
		})
	})
	t.Run("while-refusing", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second/2)
			defer cancel()
			start := time.Now()
			b, done := accepting(ctx, t, new(conn.Upgrader))
			io.WriteString(b, opening("-Host"))
			if got := <-done; !errors.Is(got.err, handshake.ErrHost) {
				t.Errorf("Accept: %v", got.err)
			}
			elapsed(t, start, time.Second/2)
		})
	})
	t.Run("after-the-handshake", func(t *testing.T) {
		type key struct{}
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "value"))
			b, done := accepting(ctx, t, new(conn.Upgrader))
			io.WriteString(b, opening())
			c := (<-done).c
			p := &peer{t, b}
			p.skipHeader()
			cancel()
			p.send(whole(frame.Text, "still here"))
			if _, got, err := c.Read(context.Background()); string(got) != "still here" || err != nil {
				t.Errorf("Read = %q, %v", got, err)
			}
			if c.Context().Err() != nil || c.Context().Value(key{}) != "value" {
				t.Errorf("Context is %v", c.Context())
			}
			c.Abort()
			if !errors.Is(context.Cause(c.Context()), conn.ErrAborted) {
				t.Errorf("the cause is %v", context.Cause(c.Context()))
			}
		})
	})
}

// A slow client has HandshakeTimeout for the whole request, not for each byte; and
// a connection that was accepted has left the timeout behind.
func TestAcceptHandshakeTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		b, done := accepting(t.Context(), t, new(conn.Upgrader))
		dribbled := make(chan int, 1)
		go func() {
			n := 0
			for ; n < len(opening()); n++ {
				if _, err := io.WriteString(b, opening()[n:n+1]); err != nil {
					break
				}
				time.Sleep(time.Second - time.Millisecond)
			}
			dribbled <- n
		}()
		wantRefusal(t, readAnswer(t, bufio.NewReader(b)), 408, nil)
		elapsed(t, start, 10*time.Second)
		b.Close()
		if n := <-dribbled; n > 12 {
			t.Errorf("the client could send %d bytes, one a second", n)
		}
		if got := <-done; !errors.Is(got.err, handshake.ErrTimeout) {
			t.Errorf("Accept: %v", got.err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		b, done := accepting(t.Context(), t, new(conn.Upgrader))
		if got := <-done; !errors.Is(got.err, handshake.ErrTimeout) {
			t.Errorf("Accept: %v", got.err)
		}
		if answered := readAll(b); answered != "" {
			t.Errorf("a client that asked nothing got %q", answered)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		c, p, _ := acceptRaw(t, new(conn.Upgrader), opening())
		go func() {
			time.Sleep(time.Minute)
			p.send(whole(frame.Text, "late"))
		}()
		if _, got, err := c.Read(t.Context()); string(got) != "late" || err != nil {
			t.Errorf("Read = %q, %v", got, err)
		}
	})
	synctest.Test(t, func(t *testing.T) { // none
		b, done := accepting(t.Context(), t, &conn.Upgrader{Config: conn.Config{HandshakeTimeout: -1}})
		time.Sleep(time.Hour)
		io.WriteString(b, opening())
		got := <-done
		if got.err != nil {
			t.Fatal(got.err)
		}
		got.c.Abort()
	})
}

func TestAcceptLostConnection(t *testing.T) {
	for _, tt := range []struct {
		name, sent string
		end        func(net.Conn)
	}{
		{"closed-at-once", "", func(nc net.Conn) { nc.Close() }},
		{"closed-in-the-request", opening()[:40], func(nc net.Conn) { nc.Close() }},
		{"reset", opening()[:40], func(nc net.Conn) { nc.(*memconn.Conn).Abort() }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				b, done := accepting(t.Context(), t, new(conn.Upgrader))
				io.WriteString(b, tt.sent)
				synctest.Wait()
				tt.end(b)
				if got := <-done; got.err == nil {
					t.Error("accepted")
				}
				elapsed(t, start, 0)
			})
		})
	}
	t.Run("half-closed", func(t *testing.T) { // a client that has said all may still read
		synctest.Test(t, func(t *testing.T) {
			b, done := accepting(t.Context(), t, new(conn.Upgrader))
			io.WriteString(b, opening("-Upgrade"))
			b.(*memconn.Conn).CloseWrite()
			wantRefusal(t, readAnswer(t, bufio.NewReader(b)), 426, upgradeRequired)
			<-done
		})
	})
}

// mute is a connection that can't be written to.
type mute struct{ net.Conn }

func (mute) Write([]byte) (int, error) { return 0, syscall.EPIPE }

func TestAnswerCannotBeWritten(t *testing.T) {
	for name, request := range map[string]string{"accepted": opening(), "refused": opening("-Upgrade")} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := memPipe(t)
				io.WriteString(b, request)
				start := time.Now()
				if c, err := conn.Accept(t.Context(), mute{a}); err == nil {
					c.Abort()
					t.Error("accepted")
				}
				if got := readAll(b); got != "" {
					t.Errorf("the client read %q", got)
				}
				elapsed(t, start, 0)
			})
		})
	}
}
