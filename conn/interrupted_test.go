package conn_test

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/internal/memconn"
	"github.com/godwit-ws/godwit/frame"
)

// A ping whose context ends says so, wherever it was.
func TestPingUnderAnEndedContext(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for transport, accept := range servers {
		t.Run(transport, func(t *testing.T) {
			c, p := accept(t, conn.Config{})
			if _, err := c.Ping(ended); !errors.Is(err, context.Canceled) {
				t.Errorf("Ping = %v, want %v", err, context.Canceled)
			}
			c.WriteText(t.Context(), "usable")
			h, payload, err := p.read()
			if h.Opcode == frame.Ping { // may have been sent
				h, payload, err = p.read()
			}
			if err != nil || payload != "usable" {
				t.Errorf("peer read %+v %q, %v", h, payload, err)
			}
		})
	}
}

// A sender that waits for room, and then behind a MessageWriter, sleeps: the
// time of a MessageWriter isn't counted against WriteTimeout.
func TestSenderBehindAWriterSleeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := accept(t, conn.Config{MaxQueued: 1000, WriteTimeout: time.Minute})
		ctx := context.Background()
		var sending sync.WaitGroup
		defer sending.Wait()
		sending.Go(func() { c.Write(ctx, conn.Binary, make([]byte, 1<<20)) }) // nobody reads yet
		synctest.Wait()
		c.Write(ctx, conn.Binary, make([]byte, 900)) // queued
		behind := make(chan error, 1)
		sending.Go(func() { behind <- c.Write(ctx, conn.Binary, make([]byte, 500)) }) // finds no room
		synctest.Wait()
		w, err := c.Writer(ctx, conn.Text) // finds some
		if err != nil {
			t.Fatal(err)
		}
		p.read()
		p.read()
		time.Sleep(2 * time.Minute) // a sender that doesn't sleep stops the bubble's clock
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		p.want(frame.Text, "")
		p.read()
		if err := <-behind; err != nil {
			t.Errorf("Write = %v", err)
		}
	})
}

// What Close refuses leaves nothing behind: a message that comes next can still be
// taken back.
func TestRefusedCloseLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := accept(t, conn.Config{})
		full := make([]byte, memconn.BufferSize-4) // with its header
		if err := c.Write(t.Context(), conn.Binary, full); err != nil {
			t.Fatal(err)
		}
		if err := c.Close(t.Context(), frame.CodeAbnormal, ""); !errors.Is(err, conn.ErrCloseCode) {
			t.Fatalf("Close = %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.WriteText(ctx, "taken back"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Write = %v, want %v", err, context.DeadlineExceeded)
		}
		p.read()
		c.WriteText(t.Context(), "next")
		p.want(frame.Text, "next")
	})
}

// odd is a net.Conn with manners that its interface allows.
type odd struct {
	net.Conn
	read  func(p []byte) (int, error)
	write func(p []byte) (int, error)
}

func (o *odd) Read(p []byte) (int, error)  { return o.read(p) }
func (o *odd) Write(p []byte) (int, error) { return o.write(p) }

// Bytes may come together with the error of the deadline that a context's end has
// set, and that error may be of the connection's own making.
func TestBytesTogetherWithATimeout(t *testing.T) {
	for name, timeout := range map[string]error{"os": os.ErrDeadlineExceeded, "own": ownTimeout{}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := memPipe(t)
				late := &odd{Conn: a, read: a.Read, write: a.Write}
				c, p := acceptOn(t, conn.Config{}, late, b)
				late.read = func(buf []byte) (int, error) {
					n, err := a.Read(buf)
					if !errors.Is(err, os.ErrDeadlineExceeded) {
						return n, err
					}
					p.send(whole(frame.Text, "with the timeout"))
					a.SetReadDeadline(time.Time{})
					n, _ = a.Read(buf)
					a.SetReadDeadline(time.Unix(1, 0))
					return n, timeout
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				if _, m, err := c.Read(ctx); string(m) != "with the timeout" {
					t.Fatalf("Read = %q, %v", m, err)
				}
				late.read = a.Read
				p.send(whole(frame.Text, "next"))
				if _, m, err := c.Read(t.Context()); string(m) != "next" {
					t.Errorf("Read = %q, %v", m, err)
				}
			})
		})
	}
}

// ownTimeout is a timeout that isn't os.ErrDeadlineExceeded.
type ownTimeout struct{}

func (ownTimeout) Error() string   { return "own timeout" }
func (ownTimeout) Timeout() bool   { return true }
func (ownTimeout) Temporary() bool { return true }

// A write that makes no progress is told from a network that fails, also where
// the connection calls its timeouts by a name of its own.
func TestWriteTimeoutByAnotherName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := memPipe(t)
		own := &odd{Conn: a, read: a.Read}
		own.write = func(p []byte) (int, error) {
			n, err := a.Write(p)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				err = ownTimeout{}
			}
			return n, err
		}
		c, _ := acceptOn(t, conn.Config{}, own, b)
		err := c.Write(context.Background(), conn.Binary, make([]byte, 1<<20))
		wantEnd(t, err, frame.CodeAbnormal, false, conn.ErrWriteTimeout)
	})
}

// A connection that writes nothing and says nothing is no reason to spin.
func TestWriteWithoutProgress(t *testing.T) {
	a, b := memPipe(t)
	mute := &odd{Conn: a, read: a.Read, write: a.Write}
	c, _ := acceptOn(t, conn.Config{}, mute, b)
	mute.write = func([]byte) (int, error) { return 0, nil }
	wantEnd(t, c.WriteText(t.Context(), "m"), frame.CodeAbnormal, false, nil)
}
