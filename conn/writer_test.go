package conn_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/internal/memconn"
	"github.com/godwit-ws/godwit/frame"
)

func TestWriterRefuses(t *testing.T) {
	c, _ := accept(t, conn.Config{})
	if _, err := c.Writer(t.Context(), frame.Ping); !errors.Is(err, conn.ErrOpcode) {
		t.Errorf("Writer of pings = %v", err)
	}
	c.Abort()
	if _, err := c.Writer(t.Context(), conn.Text); !errors.Is(err, conn.ErrClosed) {
		t.Errorf("Writer after the end = %v", err)
	}
}

// A message that was given up before a byte of it was sent leaves no trace, and
// the next one is not held up.
func TestWriterGivenUpBeforeItBegan(t *testing.T) {
	c, p := accept(t, conn.Config{})
	w, err := c.Writer(t.Context(), conn.Text)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("caf\xc3")); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the error stays
		if err := w.Close(); !errors.Is(err, conn.ErrNotUTF8) {
			t.Errorf("Close in the middle of a character = %v", err)
		}
		if err := w.Flush(); !errors.Is(err, conn.ErrNotUTF8) {
			t.Errorf("Flush after that = %v", err)
		}
	}
	c.WriteText(t.Context(), "next")
	p.want(frame.Text, "next")
}

// A message whose context ends when a part of it is on its way, and not the last,
// can't be followed by another: the connection fails.
func TestWriterContextEndsWithinTheMessage(t *testing.T) {
	ends := map[string]func(*conn.MessageWriter) error{
		"write": func(w *conn.MessageWriter) error { _, err := w.Write(make([]byte, 40<<10)); return err },
		"flush": (*conn.MessageWriter).Flush,
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, w, cancel := begun(t)
				w.Write([]byte("more"))
				cancel()
				if err := end(w); err == nil {
					t.Fatal("no error after the context's end")
				}
				if err := w.Close(); err == nil {
					t.Error("the error doesn't stay")
				}
				for h := (frame.Header{}); h.Opcode != frame.Close; {
					var err error
					if h, _, err = p.read(); err != nil || h.Fin && h.Opcode != frame.Close {
						t.Fatalf("read %+v, %v; want a Close, the message never finished", h, err)
					}
				}
			})
		})
	}
}

// The last fragment is sent on, as a whole message is.
func TestWriterContextEndsInClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, w, cancel := begun(t)
		w.Write([]byte("last"))
		cancel()
		if err := w.Close(); !errors.Is(err, conn.ErrWriteUnfinished) {
			t.Errorf("Close = %v", err)
		}
		if err := w.Close(); !errors.Is(err, conn.ErrWriter) {
			t.Errorf("second Close = %v", err)
		}
		p.want(frame.Continuation, "last")
		p.send(whole(frame.Ping, "still there"))
		p.want(frame.Pong, "still there")
	})
}

// begun returns a message of which the peer has a fragment, and what ends its
// context.
func begun(t *testing.T) (*peer, *conn.MessageWriter, context.CancelFunc) {
	t.Helper()
	c, p := accept(t, conn.Config{})
	c.DiscardReads()
	ctx, cancel := context.WithCancel(t.Context())
	w, err := c.Writer(ctx, conn.Binary)
	if err != nil {
		t.Fatal(err)
	}
	w.Write([]byte("begun"))
	w.Flush()
	if h, payload, err := p.read(); payload != "begun" || h.Fin {
		t.Fatalf("read %+v, %q, %v", h, payload, err)
	}
	return p, w, cancel
}

// A writer waits for a write in progress as long as its context lasts.
func TestWriterWaitsForItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := accept(t, conn.Config{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.Write(ctx, conn.Binary, make([]byte, 2*memconn.BufferSize)); !errors.Is(err, conn.ErrWriteUnfinished) {
			t.Fatal(err)
		}
		again, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		w, err := c.Writer(again, conn.Text)
		if err != nil {
			t.Fatal(err)
		}
		w.Write([]byte("never"))
		start := time.Now()
		if err := w.Close(); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Close = %v", err)
		}
		elapsed(t, start, time.Second)
		if err := c.Err(); err != nil {
			t.Errorf("the connection has ended: %v", err)
		}
		c.Abort()
	})
}
