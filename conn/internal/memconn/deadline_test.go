package memconn_test

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/conn/internal/memconn"
)

// call is a read or a write that blocks, with the deadline that covers it.
type call struct {
	name    string
	do      func(c *memconn.Conn) error
	set     func(c *memconn.Conn, t time.Time) error
	unblock func(peer *memconn.Conn)
}

var calls = []call{
	{
		"read",
		func(c *memconn.Conn) error { _, err := c.Read(make([]byte, 1)); return err },
		(*memconn.Conn).SetReadDeadline,
		func(peer *memconn.Conn) { peer.Write([]byte("x")) },
	},
	{
		"write",
		func(c *memconn.Conn) error { _, err := c.Write([]byte("x")); return err },
		(*memconn.Conn).SetWriteDeadline,
		func(peer *memconn.Conn) { peer.Read(make([]byte, 1)) },
	},
}

// eachCall runs a test in a bubble for reads and for writes, and for each under its own deadline and
// under the common one. Reads and writes on a block.
func eachCall(t *testing.T, test func(t *testing.T, c call, a, b *memconn.Conn)) {
	for _, c := range calls {
		both := c
		both.set = (*memconn.Conn).SetDeadline
		for name, c := range map[string]call{c.name: c, c.name + "-common": both} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					a, b := pipe(t)
					a.Write(make([]byte, memconn.BufferSize))
					test(t, c, a, b)
				})
			})
		}
	}
}

// wantTimeout checks what a call after its deadline gives.
func wantTimeout(t *testing.T, c net.Conn, op string, err error) {
	t.Helper()
	wantErr(t, c, op, err, os.ErrDeadlineExceeded)
	if e, ok := errors.AsType[net.Error](err); !ok || !e.Timeout() {
		t.Errorf("%s: %v is no timeout", op, err)
	}
}

func TestDeadlineInThePast(t *testing.T) {
	eachCall(t, func(t *testing.T, c call, a, b *memconn.Conn) {
		for _, when := range []time.Time{time.Unix(1, 0), time.Now().Add(-time.Second), time.Now()} {
			c.set(a, when)
			for range 2 {
				wantTimeout(t, a, c.name, c.do(a))
			}
		}
	})
}

func TestDeadlineInTheFuture(t *testing.T) {
	eachCall(t, func(t *testing.T, c call, a, b *memconn.Conn) {
		for range 3 { // the second and third use the timer again
			start := time.Now()
			c.set(a, start.Add(time.Minute))
			wantTimeout(t, a, c.name, c.do(a))
			if took := time.Since(start); took != time.Minute {
				t.Errorf("took %v, want 1m", took)
			}
		}
	})
}

func TestDeadlineWithoutMonotonicReading(t *testing.T) {
	eachCall(t, func(t *testing.T, c call, a, b *memconn.Conn) {
		start := time.Now()
		c.set(a, start.Add(time.Minute).Round(0))
		wantTimeout(t, a, c.name, c.do(a))
		if took := time.Since(start); took != time.Minute {
			t.Errorf("took %v, want 1m", took)
		}
	})
}

// TestDeadlineIsResumable: after a timeout, a later deadline or none lets the connection go on.
func TestDeadlineIsResumable(t *testing.T) {
	eachCall(t, func(t *testing.T, c call, a, b *memconn.Conn) {
		for _, next := range []time.Time{{}, time.Now().Add(time.Hour)} {
			c.set(a, time.Unix(1, 0))
			wantTimeout(t, a, c.name, c.do(a))
			c.set(a, next)
			c.unblock(b)
			if err := c.do(a); err != nil {
				t.Errorf("after setting the deadline to %v: %v", next, err)
			}
		}
	})
}

// TestDeadlineMovesUnderABlockedCall: a call in progress follows the deadline wherever it goes.
func TestDeadlineMovesUnderABlockedCall(t *testing.T) {
	tests := []struct {
		name        string
		first, then time.Duration // from the start, set at once and after a second; 0 for none
		want        time.Duration
	}{
		{"set-while-blocked", 0, 2 * time.Second, 2 * time.Second},
		{"earlier", time.Hour, 2 * time.Second, 2 * time.Second},
		{"later", 2 * time.Second, time.Hour, time.Hour},
		{"into-the-past", time.Hour, time.Millisecond, time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			eachCall(t, func(t *testing.T, c call, a, b *memconn.Conn) {
				start := time.Now()
				if tt.first > 0 {
					c.set(a, start.Add(tt.first))
				}
				time.AfterFunc(time.Second, func() { c.set(a, start.Add(tt.then)) })
				wantTimeout(t, a, c.name, c.do(a))
				if took := time.Since(start); took != tt.want {
					t.Errorf("took %v, want %v", took, tt.want)
				}
			})
		})
	}
	t.Run("removed", func(t *testing.T) {
		eachCall(t, func(t *testing.T, c call, a, b *memconn.Conn) {
			c.set(a, time.Now().Add(2*time.Second))
			time.AfterFunc(time.Second, func() { c.set(a, time.Time{}) })
			time.AfterFunc(time.Hour, func() { c.unblock(b) })
			if err := c.do(a); err != nil {
				t.Errorf("%s under a deadline that was removed: %v", c.name, err)
			}
		})
	})
}

// TestDeadlineReplacedAsItExpires moves the deadline in the very instant in which its timer fires.
func TestDeadlineReplacedAsItExpires(t *testing.T) {
	eachCall(t, func(t *testing.T, c call, a, b *memconn.Conn) {
		start := time.Now()
		for range 50 {
			c.set(a, time.Now().Add(time.Second))
			time.Sleep(time.Second) // inside the bubble: wakes as the timer fires
			c.set(a, time.Now().Add(time.Second))
		}
		err := c.do(a)
		wantTimeout(t, a, c.name, err)
		if took := time.Since(start); took != 51*time.Second {
			t.Errorf("expired after %v, want 51s: a timer that was replaced had its effect", took)
		}
	})
}

// TestDeadlineRemovedAsItExpires is the same with the deadline removed: it must have no effect, or have
// had it before.
func TestDeadlineRemovedAsItExpires(t *testing.T) {
	eachCall(t, func(t *testing.T, c call, a, b *memconn.Conn) {
		for range 50 {
			c.set(a, time.Now().Add(time.Second))
			time.Sleep(time.Second) // inside the bubble: wakes as the timer fires
			c.set(a, time.Time{})
			synctest.Wait()
			c.unblock(b)
			if err := c.do(a); err != nil {
				t.Fatalf("%s after the deadline was removed: %v", c.name, err)
			}
		}
	})
}

// TestDeadlineKeepsBytes: bytes that came are not read after the deadline, and not lost either.
func TestDeadlineKeepsBytes(t *testing.T) {
	a, b := pipe(t)
	io.WriteString(b, "kept")
	a.SetReadDeadline(time.Unix(1, 0))
	_, err := a.Read(make([]byte, 4))
	wantTimeout(t, a, "read", err)
	if n, err := a.Read(nil); n != 0 || err != nil {
		t.Errorf("empty read after the deadline: %d, %v; want 0, nil as on TCP", n, err)
	}
	a.SetReadDeadline(time.Time{})
	p := make([]byte, 4)
	if n, err := a.Read(p); string(p[:n]) != "kept" || err != nil {
		t.Errorf("read %q, %v", p[:n], err)
	}
}

// TestDeadlineInTheMiddleOfAWrite: the count says what was taken, and the rest can follow.
func TestDeadlineInTheMiddleOfAWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := pipe(t)
		msg := make([]byte, memconn.BufferSize+1000)
		for i := range msg {
			msg[i] = byte(i * 31)
		}
		a.SetWriteDeadline(time.Now().Add(time.Second))
		n, err := a.Write(msg)
		wantTimeout(t, a, "write", err)
		if n != memconn.BufferSize {
			t.Errorf("wrote %d, want %d", n, memconn.BufferSize)
		}
		a.SetWriteDeadline(time.Time{})
		go func() {
			a.Write(msg[n:])
			a.CloseWrite()
		}()
		if got, err := io.ReadAll(b); string(got) != string(msg) || err != nil {
			t.Errorf("peer read %d bytes, %v; want the %d of the message", len(got), err, len(msg))
		}
	})
}

// TestDeadlineOfAQueuedWrite: a write that waits for another has its deadline too.
func TestDeadlineOfAQueuedWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := pipe(t)
		results := make(chan int, 2)
		for range 2 {
			go func() {
				n, err := a.Write(make([]byte, memconn.BufferSize+1))
				wantTimeout(t, a, "write", err)
				results <- n
			}()
		}
		synctest.Wait()
		a.SetWriteDeadline(time.Now().Add(time.Second))
		if n := <-results + <-results; n != memconn.BufferSize {
			t.Errorf("both writes took %d bytes, want %d", n, memconn.BufferSize)
		}
		b.Close()
	})
}

func TestDeadlinesAreSeparate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := pipe(t)
		past := time.Unix(1, 0)
		a.SetReadDeadline(past)
		if _, err := a.Write([]byte("x")); err != nil {
			t.Errorf("write under a read deadline: %v", err)
		}
		b.SetWriteDeadline(past)
		if _, err := b.Read(make([]byte, 1)); err != nil {
			t.Errorf("read under a write deadline: %v", err)
		}
		if _, err := b.Write([]byte("x")); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("write: %v", err)
		}
	})
}

// TestCloseBeatsDeadline: of the reasons to fail, the final ones come first.
func TestCloseBeatsDeadline(t *testing.T) {
	a, b := pipe(t)
	a.SetDeadline(time.Unix(1, 0))
	b.Close()
	_, err := a.Read(make([]byte, 1))
	wantErr(t, a, "read", err, os.ErrDeadlineExceeded) // as on TCP: the end is only found by reading
	a.Close()
	wantState(t, a, net.ErrClosed, net.ErrClosed)
	for _, err := range []error{
		a.SetDeadline(time.Time{}), a.SetReadDeadline(time.Now().Add(time.Hour)), a.SetWriteDeadline(time.Time{}),
	} {
		wantErr(t, a, "set", err, net.ErrClosed)
	}
}

func TestSettingADeadlineAgainDoesNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("allocations are not representative under the race detector")
	}
	a, _ := pipe(t)
	later := time.Now().Add(time.Hour)
	if got := testing.AllocsPerRun(100, func() {
		a.SetDeadline(later)
		a.SetDeadline(time.Time{})
	}); got != 0 {
		t.Errorf("setting and removing a deadline allocates %v times", got)
	}
}
