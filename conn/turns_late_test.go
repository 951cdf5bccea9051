package conn_test

import (
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/internal/drive"
)

// The engine may tell of writability when the connection has just ended. Its descriptor
// is another's by then, who must not be sent what was still to be written.
func TestTurnsWritableAfterTheEnd(t *testing.T) {
	d := newDriven(t, conn.Config{}, echoing{}, drive.Inline)
	d.w.takes = 1
	if err := d.c.WriteText(t.Context(), "text"); err != nil {
		t.Fatal(err)
	}
	d.wrote("\x81")
	d.c.Abort()
	if !d.w.closed {
		t.Fatal("the transport is open")
	}
	d.writable(1 << 20)
	d.wrote("")
}

// leavesAtEnd ends its goroutine in OnClose.
type leavesAtEnd struct{ echoing }

func (leavesAtEnd) OnClose(*conn.Conn, *conn.CloseError) { runtime.Goexit() }

// Whoever is writing as the connection ends closes the transport when it is done, also
// where OnClose has ended its goroutine and the last turn came meanwhile.
func TestTurnsClosedByTheLastWriter(t *testing.T) {
	d := newDriven(t, conn.Config{}, leavesAtEnd{}, drive.Inline)
	d.w.during = func() {
		d.c.Abort()
		for range 2 { // OnClose's turn, which doesn't return, and the one behind it
			over := make(chan struct{})
			go func() { defer close(over); d.m.Turn(&d.s) }()
			<-over
		}
		if d.w.closed {
			t.Error("the transport was closed during a write")
		}
	}
	d.c.WriteText(t.Context(), "text") // its error is of no interest
	if !d.w.closed {
		t.Error("the transport is open")
	}
}

// WriteTimeout begins anew with each write that finds no room, also where one before had
// to wait and came to its end.
func TestTurnsWriteTimeoutBeginsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const timeout = 10 * time.Second
		d := newDriven(t, conn.Config{WriteTimeout: timeout, PingInterval: time.Hour}, echoing{}, drive.Inline)
		write := func() {
			t.Helper()
			if err := d.c.WriteText(t.Context(), "text"); err != nil {
				t.Fatal(err)
			}
		}
		d.w.takes = 0
		write()
		d.writable(6)
		d.wrote("\x81\x04text")
		time.Sleep(timeout - time.Second)
		write() // there is no room for a single byte
		time.Sleep(time.Second)
		d.m.Tick(time.Now())
		if err := d.c.Err(); err != nil {
			t.Errorf("a second after the write: %v", err)
		}
		time.Sleep(timeout - time.Second)
		d.m.Tick(time.Now())
		if err := d.c.Err(); !errors.Is(err, conn.ErrWriteTimeout) {
			t.Errorf("%v after the write: %v", timeout, err)
		}
	})
}

// A peer that ends its direction without a Close is still given what was sent before, and
// has CloseTimeout to take it.
func TestTurnsHalfClosed(t *testing.T) {
	for _, reads := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			d := newDriven(t, conn.Config{CloseTimeout: 3 * time.Second}, echoing{}, drive.Inline)
			d.w.takes = 1
			if err := d.c.WriteText(t.Context(), "text"); err != nil {
				t.Fatal(err)
			}
			d.w.set(func() { d.w.eof = true })
			d.turns(drive.Paused)
			time.Sleep(3*time.Second - 1)
			d.m.Tick(time.Now())
			if err := d.c.Err(); err != nil {
				t.Errorf("ended with %v while the peer may still read", err)
			}
			if reads {
				d.writable(1 << 20)
				d.wrote("\x81\x04text")
			} else {
				time.Sleep(time.Nanosecond)
				d.m.Tick(time.Now())
				d.wrote("\x81")
			}
			if err := d.c.Err(); !errors.Is(err, conn.ErrNoClose) || !d.w.closed {
				t.Errorf("ended with %v, closed: %t", err, d.w.closed)
			}
		})
	}
}
