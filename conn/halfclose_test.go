package conn_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/internal/memconn"
	"github.com/godwit-ws/godwit/frame"
)

// large is more than a pipe in memory takes without its reader.
const large = 1 << 20

// halfClosed returns a connection that is writing a large message, with "answer" queued
// behind it, and whose peer has ended its direction and read nothing so far.
func halfClosed(t *testing.T, cfg conn.Config) (*conn.Conn, *peer) {
	c, p := accept(t, cfg)
	go c.Write(t.Context(), conn.Binary, make([]byte, large))
	synctest.Wait()
	p.send(whole(frame.Text, "question"))
	if err := p.nc.(*memconn.Conn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if _, m, err := c.Read(t.Context()); string(m) != "question" || err != nil {
		t.Fatalf("Read = %q, %v", m, err)
	}
	if err := c.WriteText(t.Context(), "answer"); err != nil {
		t.Fatal(err)
	}
	return c, p
}

// A peer that ends its direction without a Close is still given what was sent before.
func TestHalfClosedPeerGetsItsAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := halfClosed(t, conn.Config{})
		got := make(chan string, 1)
		go func() {
			time.Sleep(time.Second)
			all, err := io.ReadAll(p.nc)
			if err != nil {
				t.Error(err)
			}
			got <- string(all[max(0, len(all)-len("answer")):])
			if want := 10 + large + 2 + len("answer"); len(all) != want {
				t.Errorf("the peer got %d bytes, want %d", len(all), want)
			}
		}()
		_, _, err := c.Read(t.Context())
		wantEnd(t, err, frame.CodeAbnormal, false, conn.ErrNoClose)
		if last := <-got; last != "answer" {
			t.Errorf("the last the peer got is %q", last)
		}
	})
}

// One that doesn't read has CloseTimeout, and no more than the reader's context.
func TestHalfClosedPeerDoesNotRead(t *testing.T) {
	for _, tt := range []struct {
		name   string
		ctx    time.Duration
		within time.Duration
	}{
		{"close-timeout", time.Hour, 3 * time.Second},
		{"context", 2 * time.Second, 2 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, _ := halfClosed(t, conn.Config{CloseTimeout: 3 * time.Second})
				start := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), tt.ctx)
				defer cancel()
				_, _, err := c.Read(ctx)
				wantEnd(t, err, frame.CodeAbnormal, false, conn.ErrNoClose)
				elapsed(t, start, tt.within)
			})
		})
	}
}

// A peer that is gone takes nothing, and nobody waits for it.
func TestPeerIsGoneInTheMiddleOfWriting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := halfClosed(t, conn.Config{CloseTimeout: -1, WriteTimeout: -1})
		go func() { time.Sleep(time.Minute); p.nc.Close() }()
		start := time.Now()
		_, _, err := c.Read(t.Context())
		elapsed(t, start, time.Minute)
		if _, ok := errors.AsType[*conn.CloseError](err); !ok {
			t.Errorf("Read = %v", err)
		}
	})
}

// Our own pings don't gather behind what is being written: the peer's answers would
// hold its reader up.
func TestPingsDoNotGather(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := accept(t, conn.Config{PingInterval: time.Second, PongTimeout: -1, WriteTimeout: -1})
		go c.Write(t.Context(), conn.Binary, make([]byte, large))
		time.Sleep(time.Hour)
		synctest.Wait() // until the ping that is due just now was thought of
		if messages, bytes := c.Queued(); messages != 0 || bytes > 100 {
			t.Errorf("%d messages and %d bytes are queued after an hour", messages, bytes)
		}
		p.want(frame.Binary, string(make([]byte, large)))
		p.want(frame.Ping, "\x00\x00\x00\x00\x00\x00\x00\x01")
		start := time.Now()
		for number := range 3 { // whoever doesn't answer, but reads, is pinged on
			p.want(frame.Ping, "\x00\x00\x00\x00\x00\x00\x00"+string(rune(number+2)))
		}
		elapsed(t, start, 3*time.Second)
		c.Abort()
	})
}
