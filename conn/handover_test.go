package conn_test

import (
	"context"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
)

// A message that a reader has begun and left is skipped by whatever takes the
// messages next: hooks, too.
func TestRunAfterAnAbandonedReader(t *testing.T) {
	for name, rest := range map[string][]byte{
		"received": masked(frame.Header{Fin: true}, "gin"),
		"empty":    masked(frame.Header{Fin: true}, ""),
	} {
		for _, early := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				c, p := accept(t, conn.Config{})
				p.send(masked(frame.Header{Opcode: frame.Text}, "be"))
				_, r, err := c.Reader(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				var h recorder
				h.open = func(*conn.Conn) error {
					p.send(rest, whole(frame.Text, "next"), whole(frame.Close, "\x0f\xa1"))
					return nil
				}
				if early {
					h.open(c)
					h.open = nil
				}
				go func() { p.wantClose(4001); p.nc.Close() }()
				wantEnd(t, c.Run(&h), 4001, true, nil)
				if want := []string{"open", "text next", "close"}; !slices.Equal(h.calls, want) {
					t.Errorf("called %q, want %q", h.calls, want)
				}
				if _, err := r.Read(make([]byte, 1)); !errors.Is(err, conn.ErrReader) && !errors.Is(err, conn.ErrClosed) {
					t.Errorf("the reader that was left gave %v", err)
				}
			})
		}
	}
}

// A compressed message that a Reader has waited for in vain goes to the hooks
// whole.
func TestRunAfterAReaderWithoutMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := conn.Config{Compression: conn.Compression{Enabled: true, Threshold: -1}}
		s, c := conn.Pipe(cfg, cfg)
		defer c.Abort()
		w, err := c.Writer(t.Context(), conn.Text)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, "in two ")
		w.Flush()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, _, err := s.Reader(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("Reader = %v", err)
		}
		go func() {
			io.WriteString(w, "pieces")
			w.Close()
			c.Close(context.Background(), 4001, "")
		}()
		var h recorder
		wantEnd(t, s.Run(&h), 4001, true, nil)
		if want := []string{"open", "text in two pieces", "close"}; !slices.Equal(h.calls, want) {
			t.Errorf("called %q, want %q", h.calls, want)
		}
	})
}

// Once another read has begun to skip a reader's message, that reader gives no
// more of it, even if the other read's context ends before it is through: there
// would be a gap.
func TestReaderLeftByAnInterruptedRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := accept(t, conn.Config{})
		p.send(masked(frame.Header{Opcode: frame.Text}, "be"))
		_, r, err := c.Reader(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, _, err := c.Read(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("Read = %v", err)
		}
		p.send(masked(frame.Header{Fin: true}, "gin"), whole(frame.Text, "next"))
		if got, err := io.ReadAll(r); !errors.Is(err, conn.ErrReader) {
			t.Errorf("the reader gave %q, %v; want %v", got, err, conn.ErrReader)
		}
		if _, m, err := c.Read(t.Context()); string(m) != "next" || err != nil {
			t.Errorf("Read = %q, %v", m, err)
		}
	})
}

// Who waits to read learns at once that hooks have taken the messages.
func TestWaitingReadersLearnOfRun(t *testing.T) {
	for won := 0; won < 3; {
		synctest.Test(t, func(t *testing.T) {
			c, p := accept(t, conn.Config{})
			reading, stop := context.WithCancel(t.Context())
			go c.Read(reading)
			synctest.Wait()
			var h recorder
			go c.Run(&h) // waits for the read
			synctest.Wait()
			read := make(chan error, 1)
			go func() {
				_, _, err := c.Read(context.Background())
				read <- err
			}()
			synctest.Wait()
			stop()
			synctest.Wait()
			if len(h.calls) > 0 { // Run came first
				won++
				select {
				case err := <-read:
					if !errors.Is(err, conn.ErrTaken) {
						t.Errorf("Read = %v", err)
					}
				default:
					t.Error("a read waits on beside Run")
				}
			}
			p.nc.Close()
		})
	}
}

// A hook that calls runtime.Goexit, as a test's FailNow does, takes the
// connection with it: OnClose is called, the peer is told.
func TestGoexitInAHook(t *testing.T) {
	for _, where := range []string{"open", "message", "close"} {
		t.Run(where, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var h recorder
				switch where {
				case "open":
					h.open = func(*conn.Conn) error { runtime.Goexit(); return nil }
				case "message":
					h.message = func(*conn.Conn, []byte) error { runtime.Goexit(); return nil }
				case "close":
					h.message = func(c *conn.Conn, p []byte) error { return c.Write(context.Background(), conn.Text, p) }
					h.close = runtime.Goexit
				}
				c, p := accept(t, conn.Config{})
				ended := make(chan struct{})
				go func() {
					defer close(ended)
					c.Run(&h)
				}()
				p.send(whole(frame.Text, "m"))
				if where == "close" {
					p.want(frame.Text, "m")
					p.send(whole(frame.Close, "\x03\xe8"))
					p.wantClose(frame.CodeNormal)
				} else {
					p.wantClose(frame.CodeInternalError)
					p.send(whole(frame.Close, "\x03\xf3"))
				}
				p.nc.Close()
				<-ended
				if n := strings.Count(strings.Join(h.calls, " "), "close"); n != 1 || c.Err() == nil {
					t.Errorf("called %q; the end is %v", h.calls, c.Err())
				}
			})
		})
	}
}
