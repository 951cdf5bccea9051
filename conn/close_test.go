package conn_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/internal/memconn"
	"github.com/godwit-ws/godwit/frame"
)

func TestCloseRefusesWhatCanNotBeSent(t *testing.T) {
	c, p := accept(t, conn.Config{})
	for code := range 5100 {
		if frame.Code(code).Sendable() || frame.Code(code) == frame.CodeNoStatus {
			continue
		}
		if err := c.Close(t.Context(), frame.Code(code), ""); !errors.Is(err, conn.ErrCloseCode) {
			t.Fatalf("Close(%d) = %v", code, err)
		}
	}
	if err := c.Close(t.Context(), frame.CodeNormal, "\xff"); !errors.Is(err, conn.ErrCloseReason) {
		t.Errorf("Close with a reason that is not UTF-8 = %v", err)
	}
	c.WriteText(t.Context(), "nothing was sent, and all goes on")
	p.want(frame.Text, "nothing was sent, and all goes on")
}

func TestCloseCutsTheReason(t *testing.T) {
	c, p := accept(t, conn.Config{})
	done := make(chan error, 1)
	go func() { done <- c.Close(context.Background(), 4000, strings.Repeat("日", 50)) }()
	_, payload, err := p.read()
	if err != nil || payload[2:] != strings.Repeat("日", 41) {
		t.Errorf("read %q, %v", payload, err)
	}
	p.send(whole(frame.Close, payload[:2]))
	p.nc.Close()
	if err := <-done; err != nil {
		t.Errorf("Close = %v", err)
	}
	if e, ok := errors.AsType[*conn.CloseError](c.Err()); !ok || e.Reason != payload[2:] {
		t.Errorf("Err = %v, want the reason that was sent", c.Err())
	}
}

func TestCloseIsIdempotent(t *testing.T) {
	for transport, accept := range servers {
		t.Run(transport, func(t *testing.T) {
			c, p := accept(t, conn.Config{})
			var calls sync.WaitGroup
			for range 5 {
				calls.Go(func() {
					if err := c.Close(context.Background(), frame.CodeNormal, ""); err != nil {
						t.Error(err)
					}
				})
			}
			p.wantClose(frame.CodeNormal)
			p.send(whole(frame.Close, "\x03\xe8"))
			p.wantEOF()
			p.nc.Close()
			calls.Wait()
			if err := c.Close(t.Context(), frame.CodeGoingAway, ""); err != nil {
				t.Errorf("Close after the end = %v", err)
			}
		})
	}
}

// Close from another goroutine ends a read that is under way.
func TestCloseWhileReading(t *testing.T) {
	for transport, accept := range servers {
		t.Run(transport, func(t *testing.T) {
			c, p := accept(t, conn.Config{})
			read := make(chan error, 1)
			go func() {
				_, _, err := c.Read(context.Background())
				read <- err
			}()
			var others sync.WaitGroup
			defer others.Wait()
			others.Go(func() {
				p.wantClose(4321)
				p.send(whole(frame.Text, "dropped"), whole(frame.Close, "\x10\xe1"))
				p.wantEOF()
				p.nc.Close()
			})
			if err := c.Close(t.Context(), 4321, "why"); err != nil {
				t.Error(err)
			}
			wantEnd(t, <-read, 4321, false, nil)
			wantEnd(t, c.WriteText(t.Context(), "late"), 4321, false, nil)
		})
	}
}

func TestCloseOfThePeer(t *testing.T) {
	tests := []struct {
		name         string
		sent         string
		code, answer frame.Code
		reason       string
		remote       bool
	}{
		{"empty", "", frame.CodeNoStatus, 0, "", true},
		{"normal", "\x03\xe8done", frame.CodeNormal, frame.CodeNormal, "done", true},
		{"application", "\x0f\xa0", 4000, 4000, "", true},
		{"one-byte", "\x03", frame.CodeProtocolError, frame.CodeProtocolError, "", false},
		{"unsendable", "\x03\xed", frame.CodeProtocolError, frame.CodeProtocolError, "", false},
		{"reason-not-utf8", "\x03\xe8\xff", frame.CodeInvalidPayload, frame.CodeInvalidPayload, "", false},
	}
	for transport, accept := range servers {
		for _, tt := range tests {
			t.Run(transport+"/"+tt.name, func(t *testing.T) {
				c, p := accept(t, conn.Config{})
				p.send(whole(frame.Close, tt.sent), whole(frame.Ping, "after the end"))
				var others sync.WaitGroup
				defer others.Wait()
				others.Go(func() {
					p.wantClose(tt.answer)
					p.wantEOF()
					p.nc.Close()
				})
				_, _, err := c.Read(t.Context())
				wantEnd(t, err, tt.code, tt.remote, nil)
				if e, _ := errors.AsType[*conn.CloseError](err); tt.remote && e.Reason != tt.reason {
					t.Errorf("reason %q, want %q", e.Reason, tt.reason)
				}
			})
		}
	}
}

// A context that ends drops the connection: Close never hangs.
func TestCloseContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := accept(t, conn.Config{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if err := c.Close(ctx, frame.CodeNormal, ""); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Close = %v", err)
		}
		elapsed(t, start, time.Second)
		p.wantClose(frame.CodeNormal)
		p.wantEOF()
	})
}

func TestAbort(t *testing.T) {
	for transport, accept := range servers {
		t.Run(transport, func(t *testing.T) {
			c, p := accept(t, conn.Config{})
			read := make(chan error, 1)
			go func() {
				_, _, err := c.Read(context.Background())
				read <- err
			}()
			ctx := c.Context()
			c.Abort()
			c.Abort()
			wantEnd(t, <-read, frame.CodeAbnormal, false, conn.ErrAborted)
			<-ctx.Done()
			wantEnd(t, context.Cause(ctx), frame.CodeAbnormal, false, conn.ErrAborted)
			p.wantEOF()
		})
	}
}

func TestReset(t *testing.T) {
	a, b := memconn.Pipe()
	c, _ := acceptOn(t, conn.Config{}, a, b)
	b.(*memconn.Conn).Abort()
	_, _, err := c.Read(t.Context())
	wantEnd(t, err, frame.CodeAbnormal, false, syscall.ECONNRESET)
}

// The peer's Close is found even if our write has failed before it was read.
func TestCloseIsFoundAfterAFailedWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := accept(t, conn.Config{})
		go func() {
			p.send(whole(frame.Close, "\x0f\xa5"))
			p.nc.Close()
		}()
		synctest.Wait()
		c.WriteText(t.Context(), "into the void")
		_, _, err := c.Read(t.Context())
		if e, ok := errors.AsType[*conn.CloseError](err); !ok || e.Code != 4005 && e.Code != frame.CodeAbnormal {
			t.Errorf("Read = %v", err)
		}
	})
}

// A connection that is failed lets the peer read the Close, over real TCP: a peer
// that goes on sending must not get a reset before.
func TestFailedConnectionIsNotReset(t *testing.T) {
	for range 3 {
		c, p := acceptTCP(t, conn.Config{MaxMessageSize: 1000})
		go c.Read(context.Background())
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			p.nc.Write(whole(frame.Binary, strings.Repeat("x", 1001)))
			p.nc.Write(make([]byte, 1<<20))
		}()
		p.wantClose(frame.CodeMessageTooBig)
		p.wantEOF()
		<-sent
		p.nc.Close()
	}
}

// Two ends that close at once, with nobody reading at either, over a network that
// holds nothing: each reads the other's Close while its own waits to be read.
func TestBothCloseWithoutBuffers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, _ := overNetPipe(t, conn.Config{}, conn.Config{})
		start := time.Now()
		var closing sync.WaitGroup
		for _, end := range []*conn.Conn{s, c} {
			closing.Go(func() {
				if err := end.Close(context.Background(), 4001, ""); err != nil {
					t.Errorf("Close = %v", err)
				}
			})
		}
		closing.Wait()
		elapsed(t, start, 0)
	})
}

// A Close waits behind a message that the peer doesn't read before it has sent its
// own: Close reads meanwhile.
func TestCloseReadsWhileItWaitsToBeSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := accept(t, conn.Config{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		big := make([]byte, 1<<20)
		if err := c.Write(ctx, conn.Binary, big); !errors.Is(err, conn.ErrWriteUnfinished) {
			t.Fatalf("Write = %v", err)
		}
		go func() {
			for range 30 {
				p.send(whole(frame.Text, strings.Repeat("m", 10_000)))
			}
			p.want(frame.Binary, string(big))
			p.wantClose(4001)
			p.send(whole(frame.Close, "\x0f\xa1"))
			p.nc.Close()
		}()
		start := time.Now()
		if err := c.Close(context.Background(), 4001, ""); err != nil {
			t.Errorf("Close = %v", err)
		}
		elapsed(t, start, 0)
	})
}

// A peer that is failed may have to get rid of what it is sending before it can
// read why: over a network that holds nothing, or no more.
func TestFailedPeerThatWritesFirst(t *testing.T) {
	tests := []struct {
		name string
		take func(c *conn.Conn) error
		code frame.Code
	}{
		{"violation", func(c *conn.Conn) error { _, _, err := c.Read(context.Background()); return err }, frame.CodeMessageTooBig},
		{"violation-in-hooks", func(c *conn.Conn) error { return c.Run(echoing{}) }, frame.CodeMessageTooBig},
		{"hook", func(c *conn.Conn) error {
			return c.Run(&recorder{message: func(*conn.Conn, []byte) error { return errHook }})
		}, frame.CodeInternalError},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, p := acceptOverNetPipe(t, conn.Config{MaxMessageSize: 1000})
				ended := make(chan error, 1)
				go func() { ended <- tt.take(c) }()
				start := time.Now()
				if tt.code == frame.CodeInternalError {
					p.send(whole(frame.Text, "m"), whole(frame.Text, strings.Repeat("m", 1000)))
					p.send(bytes.Repeat(whole(frame.Text, strings.Repeat("m", 1000)), 20))
				} else {
					p.send(whole(frame.Text, strings.Repeat("m", 1<<20)))
				}
				p.wantClose(tt.code)
				elapsed(t, start, 0)
				p.nc.Close()
				wantEnd(t, <-ended, tt.code, false, nil)
			})
		})
	}
}

// acceptOverNetPipe is accept over a net.Pipe.
func acceptOverNetPipe(t testing.TB, cfg conn.Config) (*conn.Conn, *peer) {
	t.Helper()
	a, b := net.Pipe()
	p := &peer{t, b}
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		io.WriteString(b, openingRequest+"\r\n")
		p.skipHeader()
	}()
	c, err := (&conn.Upgrader{Config: cfg}).Accept(context.Background(), a)
	if err != nil {
		t.Fatal(err)
	}
	<-asked
	t.Cleanup(func() { c.Abort(); b.Close() })
	return c, p
}
