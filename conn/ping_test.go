package conn_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/internal/memconn"
	"github.com/godwit-ws/godwit/frame"
)

func TestPing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := accept(t, conn.Config{})
		reads := c.DiscardReads()
		go func() {
			for i := range 3 {
				h, payload, err := p.read()
				if err != nil || h.Opcode != frame.Ping {
					t.Errorf("read %+v, %v", h, err)
				}
				time.Sleep(time.Duration(i+1) * time.Second)
				p.send(whole(frame.Pong, "unasked for"), whole(frame.Pong, payload))
			}
		}()
		for i := range 3 {
			if rtt, err := c.Ping(t.Context()); rtt != time.Duration(i+1)*time.Second || err != nil {
				t.Errorf("Ping = %v, %v", rtt, err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := c.Ping(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Ping without a pong = %v", err)
		}
		if reads.Err() != nil {
			t.Error("the connection has ended")
		}
		p.read()
		c.Abort()
		if _, err := c.Ping(t.Context()); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Ping after the end = %v", err)
		}
	})
}

// A ping that can't leave fails as one that isn't answered does.
func TestPingThatCannotLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := accept(t, conn.Config{})
		header := frame.Header{Length: memconn.BufferSize - 4}
		if err := c.Write(t.Context(), conn.Binary, make([]byte, header.Length)); err != nil || header.Size() != 4 {
			t.Fatal(err) // it fills the pipe to its last byte
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.Ping(ctx); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, net.ErrClosed) {
			t.Errorf("Ping = %v, want %v", err, context.DeadlineExceeded)
		}
		p.read()
		if h, _, err := p.read(); err != nil || h.Opcode != frame.Ping {
			t.Errorf("read %+v, %v; want the ping, late", h, err)
		}
	})
}

// A pong that comes before its ping's write has returned is measured, too.
func TestPingAnsweredEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := memPipe(t)
		slow := &odd{Conn: a, read: a.Read, write: a.Write}
		c, p := acceptOn(t, conn.Config{}, slow, b)
		go c.Read(context.Background())
		slow.write = func(buf []byte) (int, error) {
			n, err := a.Write(buf)
			time.Sleep(time.Second)
			return n, err
		}
		go func() {
			_, payload, _ := p.read()
			time.Sleep(time.Second / 4)
			p.send(whole(frame.Pong, payload))
		}()
		if took, err := c.Ping(context.Background()); took != time.Second/4 || err != nil {
			t.Errorf("Ping = %v, %v; want 250ms", took, err)
		}
	})
}

// A peer that floods with pings and reads nothing is held up, and dropped; what
// it costs is bounded.
func TestPingFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := accept(t, conn.Config{WriteTimeout: 3 * time.Second})
		go func() {
			flood := strings.Repeat(string(whole(frame.Ping, strings.Repeat("p", 125))), 1000)
			for {
				if _, err := io.WriteString(p.nc, flood); err != nil {
					return
				}
			}
		}()
		_, _, err := c.Read(t.Context())
		wantEnd(t, err, frame.CodeAbnormal, false, conn.ErrWriteTimeout)
	})
}
