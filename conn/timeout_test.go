package conn_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
)

// elapsed checks that just d has passed since start, in a bubble's time.
func elapsed(t *testing.T, start time.Time, d time.Duration) {
	t.Helper()
	if got := time.Since(start); got != d {
		t.Errorf("took %v, want %v", got, d)
	}
}

func TestReadTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := accept(t, conn.Config{ReadTimeout: time.Minute})
		start := time.Now()
		go func() {
			time.Sleep(40 * time.Second)
			p.send(whole(frame.Ping, "")) // any byte is activity
			p.want(frame.Pong, "")
			p.wantClose(frame.CodeGoingAway)
			elapsed(t, start, 100*time.Second)
			p.wantEOF()
			p.nc.Close()
		}()
		_, _, err := c.Read(t.Context())
		wantEnd(t, err, frame.CodeGoingAway, false, conn.ErrReadTimeout)
	})
}

func TestReadTimeoutIsSuspendedWhileNobodyReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := accept(t, conn.Config{ReadTimeout: time.Minute, MessageTimeout: 10 * time.Second})
		p.send(masked(frame.Header{Opcode: frame.Text}, "be"))
		ctx, cancel := context.WithTimeout(t.Context(), 9*time.Second)
		defer cancel()
		if _, _, err := c.Read(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		start := time.Now()
		go func() {
			time.Sleep(time.Second / 2)
			p.send(masked(frame.Header{Opcode: frame.Continuation}, "gin"))
		}()
		_, _, err := c.Read(t.Context())
		wantEnd(t, err, frame.CodePolicyViolation, false, conn.ErrMessageTimeout)
		if got := time.Since(start); got != 2*time.Second { // one left of ten, one lingering
			t.Errorf("took %v, want 2s", got)
		}
	})
}

// A ping interval longer than ReadTimeout must not delay it.
func TestReadTimeoutBeforeThePing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := accept(t, conn.Config{ReadTimeout: time.Minute, PingInterval: time.Hour})
		go func() { p.wantClose(frame.CodeGoingAway); p.nc.Close() }()
		start := time.Now()
		_, _, err := c.Read(t.Context())
		wantEnd(t, err, frame.CodeGoingAway, false, conn.ErrReadTimeout)
		elapsed(t, start, time.Minute)
	})
}

func TestMessageTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := accept(t, conn.Config{MessageTimeout: time.Minute})
		go func() {
			for range 5 { // whole messages reset the clock
				time.Sleep(50 * time.Second)
				p.send(whole(frame.Text, "m"))
			}
			start := time.Now()
			frames := [][]byte{masked(frame.Header{Opcode: frame.Text}, "a")}
			for range 59 {
				frames = append(frames, masked(frame.Header{}, "b"))
			}
			for _, f := range frames {
				p.send(f)
				time.Sleep(time.Second)
			}
			p.wantClose(frame.CodePolicyViolation)
			elapsed(t, start, time.Minute)
			p.nc.Close()
		}()
		for range 5 {
			if _, _, err := c.Read(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		_, _, err := c.Read(t.Context())
		wantEnd(t, err, frame.CodePolicyViolation, false, conn.ErrMessageTimeout)
	})
}

func TestPingInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := accept(t, conn.Config{PingInterval: 30 * time.Second, PongTimeout: 10 * time.Second})
		start := time.Now()
		go func() {
			for i := range 3 {
				h, payload, err := p.read()
				if err != nil || h.Opcode != frame.Ping {
					t.Errorf("read %+v, %v; want a ping", h, err)
					return
				}
				elapsed(t, start, time.Duration(i+1)*30*time.Second)
				p.send(whole(frame.Pong, payload))
			}
			p.read() // the ping that is not answered
		}()
		_, _, err := c.Read(t.Context())
		wantEnd(t, err, frame.CodeAbnormal, false, conn.ErrPongTimeout)
		elapsed(t, start, 130*time.Second)
	})
}

func TestPongTimeoutCountsWhileReadingOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := accept(t, conn.Config{PingInterval: 30 * time.Second, PongTimeout: 10 * time.Second})
		go func() {
			for {
				if _, _, err := p.read(); err != nil {
					return
				}
			}
		}()
		time.Sleep(10 * time.Minute)
		if err := c.Err(); err != nil {
			t.Fatalf("ended while nobody read: %v", err)
		}
		start := time.Now()
		_, _, err := c.Read(t.Context())
		wantEnd(t, err, frame.CodeAbnormal, false, conn.ErrPongTimeout)
		elapsed(t, start, 10*time.Second)
	})
}

func TestWriteTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := accept(t, conn.Config{WriteTimeout: 7 * time.Second})
		start := time.Now()
		err := c.Write(t.Context(), conn.Binary, make([]byte, 1<<20))
		wantEnd(t, err, frame.CodeAbnormal, false, conn.ErrWriteTimeout)
		if took := time.Since(start); took < 7*time.Second || took > 14*time.Second {
			t.Errorf("took %v, want 7s to 14s", took)
		}
		_, _, err = c.Read(t.Context())
		wantEnd(t, err, frame.CodeAbnormal, false, conn.ErrWriteTimeout)
	})
}

// A write costs the connection below no deadline, but where it is given up.
func TestWritesSetNoDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := memPipe(t)
		below := &watched{Conn: a}
		c, p := acceptOn(t, conn.Config{}, below, b)
		below.deadlines.Store(0)
		for range 100 {
			if err := c.WriteText(t.Context(), "text"); err != nil {
				t.Fatal(err)
			}
			p.want(frame.Text, "text")
		}
		if n := below.deadlines.Load(); n != 0 {
			t.Errorf("100 writes set %d deadlines", n)
		}
		c.Abort()
	})
}

// watched counts the deadlines of writing.
type watched struct {
	net.Conn
	deadlines atomic.Int32
}

func (w *watched) SetWriteDeadline(t time.Time) error {
	w.deadlines.Add(1)
	return w.Conn.SetWriteDeadline(t)
}

// A write that is given up just when it comes to its end harms no other.
func TestWriteTimeoutAtTheLastMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := memPipe(t)
		slow := &odd{Conn: a, read: a.Read, write: a.Write}
		c, p := acceptOn(t, conn.Config{WriteTimeout: 7 * time.Second}, slow, b)
		slow.write = func(p []byte) (int, error) {
			n, err := a.Write(p)
			time.Sleep(7500 * time.Millisecond)
			return n, err
		}
		for range 3 {
			if err := c.WriteText(t.Context(), "text"); err != nil {
				t.Fatal(err)
			}
			p.want(frame.Text, "text")
		}
		c.Abort()
	})
}

func TestWriteTimeoutIsOfProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := accept(t, conn.Config{WriteTimeout: 7 * time.Second})
		var reading sync.WaitGroup
		reading.Go(func() {
			b := make([]byte, 32<<10)
			for err := error(nil); err == nil; _, err = p.nc.Read(b) {
				time.Sleep(5 * time.Second)
			}
		})
		if err := c.Write(t.Context(), conn.Binary, make([]byte, 1<<20)); err != nil {
			t.Error(err)
		}
		c.Abort()
		reading.Wait()
	})
}

func TestCloseTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := accept(t, conn.Config{CloseTimeout: 3 * time.Second})
		start := time.Now()
		err := c.Close(t.Context(), frame.CodeNormal, "bye")
		wantEnd(t, err, frame.CodeNormal, false, conn.ErrCloseTimeout)
		elapsed(t, start, 3*time.Second)
		p.wantClose(frame.CodeNormal)
		p.wantEOF()
	})
}

func TestCloseNeverHangs(t *testing.T) {
	for name, peerDoes := range map[string]func(p *peer){
		"peer-mute":          func(*peer) {},
		"peer-talks-on":      func(p *peer) { p.talk(whole(frame.Text, "and another thing")) },
		"peer-pings-on":      func(p *peer) { p.talk(whole(frame.Ping, "?")) },
		"peer-half-a-frame":  func(p *peer) { p.send(whole(frame.Text, "half")[:3]) },
		"peer-gone":          func(p *peer) { p.nc.Close() },
		"peer-never-reads":   func(p *peer) { p.talk(whole(frame.Text, strings.Repeat("x", 1000))) },
		"peer-breaks-rules":  func(p *peer) { p.send([]byte{0xff, 0xff, 0xff}) },
		"peer-closes-itself": func(p *peer) { p.send(whole(frame.Close, "\x03\xe8")) },
	} {
		for _, reading := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c, p := accept(t, conn.Config{})
					var others sync.WaitGroup
					defer others.Wait()
					if reading {
						others.Go(func() { c.Read(context.Background()) })
					}
					others.Go(func() { peerDoes(p) })
					start := time.Now()
					c.Close(t.Context(), frame.CodeNormal, "")
					if took := time.Since(start); took > 6*time.Second+time.Second/10 {
						t.Errorf("Close took %v", took)
					}
					if c.Err() == nil {
						t.Error("the connection is still up")
					}
				})
			})
		}
	}
}

// talk sends b every 100 ms until the connection is gone.
func (p *peer) talk(b []byte) {
	for {
		if _, err := p.nc.Write(b); err != nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func TestHandshakeTimeout(t *testing.T) {
	for name, sent := range map[string]string{"silent": "", "half-a-request": "GET / HTTP/1.1\r\nHo"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := memPipe(t)
				start := time.Now()
				go b.Write([]byte(sent))
				_, err := (&conn.Upgrader{Config: conn.Config{HandshakeTimeout: 4 * time.Second}}).Accept(t.Context(), a)
				if err == nil {
					t.Fatal("no error")
				}
				got := readAll(b)
				if took := time.Since(start); took < 4*time.Second || took > 5*time.Second {
					t.Errorf("took %v", took)
				}
				if refused := strings.HasPrefix(got, "HTTP/1.1 408 "); refused != (sent != "") {
					t.Errorf("answer to %q is %q", sent, got)
				}
			})
		})
	}
}
