package conn_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/internal/drive"
)

// handOver has the test drive c; during is called while it changes hands.
func handOver(t testing.TB, c *conn.Conn, h conn.Hooks, during func()) *driven {
	t.Helper()
	d := &driven{t: t, c: c, w: &wire{takes: 1 << 30}}
	d.s.Scratch = make([]byte, 4096)
	m, err := c.Drive(h, drive.Pooled, func(nc net.Conn) (drive.Transport, error) {
		during()
		return d.w, nc.Close()
	})
	if err != nil {
		t.Fatal(err)
	}
	d.m = m
	return d
}

// A context that a read has stood under may end while an engine takes the connection
// over.
func TestContextEndsInHandover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client := conn.Pipe(conn.Config{}, conn.Config{})
		defer client.Abort()
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			synctest.Wait() // the reader waits under ctx
			client.WriteText(context.Background(), "m")
		}()
		if _, _, err := server.Read(ctx); err != nil {
			t.Fatal(err)
		}
		d := handOver(t, server, echoing{}, cancel)
		synctest.Wait() // whoever looks at the context
		d.turns(drive.Drained)
		server.Abort()
		d.turns(drive.Over)
	})
}

// A timer of reading may fire while an engine takes the connection over.
func TestTimerFiresInHandover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client := conn.Pipe(conn.Config{ReadTimeout: 2 * time.Second}, conn.Config{})
		defer client.Abort()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, _, err := server.Read(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		d := handOver(t, server, echoing{}, func() { time.Sleep(time.Second) }) // to the moment at which it fires
		synctest.Wait()
		d.turns(drive.Drained)
		server.Abort()
		d.turns(drive.Over)
	})
}

// CloseTimeout of a connection that was closing before an engine has taken it over
// runs on.
func TestCloseTimeoutInHandover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client := conn.Pipe(conn.Config{CloseTimeout: time.Second}, conn.Config{})
		defer client.Abort()
		w, err := server.Writer(t.Context(), conn.Text)
		if err != nil {
			t.Fatal(err)
		}
		w.Write([]byte("never"))
		w.Flush()
		w.Write([]byte("\xff")) // closes the connection, and nobody reads
		d := handOver(t, server, echoing{}, func() {})
		d.turns(drive.Drained)
		time.Sleep(time.Second)
		if at := d.w.wakeAt; at.After(time.Now()) {
			t.Errorf("Tick is to be called in %v", time.Until(at))
		}
		d.m.Tick(time.Now())
		if err := server.Err(); !errors.Is(err, conn.ErrCloseTimeout) {
			t.Errorf("ended with %v, want %v", err, conn.ErrCloseTimeout)
		}
		server.Abort()
		d.turns(drive.Over)
	})
}

// OnClose is called also where a hook drops the connection and then ends its
// goroutine.
func TestTurnsAbortAndGoexit(t *testing.T) {
	for _, in := range []string{"open", "message"} {
		t.Run(in, func(t *testing.T) {
			server, client := conn.Pipe(conn.Config{}, conn.Config{})
			defer client.Abort()
			leave := func() error {
				server.Abort()
				runtime.Goexit()
				return nil
			}
			h := &recorder{}
			if in == "open" {
				h.open = func(*conn.Conn) error { return leave() }
			} else {
				h.message = func(*conn.Conn, []byte) error { return leave() }
			}
			d := handOver(t, server, h, func() {})
			d.w.in.WriteString("\x81\x82\x00\x00\x00\x00me")
			done := make(chan struct{})
			go func() {
				defer close(done)
				for d.m.Turn(&d.s) != drive.Over {
				}
			}()
			<-done
			d.turns(drive.Over)
			if n := len(h.calls); h.calls[n-1] != "close" {
				t.Errorf("called %q", h.calls)
			}
		})
	}
}

// A connection that the budget closes before its first turn is told so when OnOpen has
// returned.
func TestTurnsShedBeforeOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client := conn.Pipe(conn.Config{MaxBuffered: 64 << 10}, conn.Config{})
		defer client.Abort()
		d := handOver(t, server, echoing{}, func() {})
		d.w.takes = 0
		if err := server.Write(t.Context(), conn.Binary, make([]byte, 128<<10)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // whoever makes room
		for d.m.Turn(&d.s) == drive.More {
		}
		d.writable(1 << 20)
		if !bytes.HasSuffix(d.w.out.Bytes(), []byte("\x88\x13\x03\xf5server overloaded")) {
			t.Errorf("written: %d bytes that end with %q", d.w.out.Len(), d.w.out.Bytes()[max(0, d.w.out.Len()-30):])
		}
		server.Abort()
		d.turns(drive.Over)
	})
}

// A hook may wait for output whose writer has left the rest to others, because it was much:
// the next turn comes only when the hook has returned.
func TestTurnsHookWaitsForOutput(t *testing.T) {
	server, client := conn.Pipe(conn.Config{}, conn.Config{})
	defer client.Abort()
	var d *driven
	within(t, "the hook", func() {
		h := &recorder{message: func(c *conn.Conn, _ []byte) error {
			d.w.set(func() {
				d.w.during = func() { // all this is left to the one who writes
					for range 12 {
						c.Write(context.Background(), conn.Binary, make([]byte, 60<<10))
					}
				}
			})
			c.Write(context.Background(), conn.Binary, make([]byte, 100<<10))
			return c.WaitWritten(context.Background())
		}}
		d = handOver(t, server, h, func() {})
		d.receive("\x81\x82\x00\x00\x00\x00me", drive.Drained)
	})
	server.Abort()
	d.turns(drive.Over)
}
