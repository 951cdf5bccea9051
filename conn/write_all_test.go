package conn_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
)

func TestWriteAllLeavesInOneWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := accept(t, conn.Config{})
		if taken, err := c.WriteAll(t.Context(), conn.Text, [][]byte{[]byte("1"), nil, []byte("3")}); err != nil || !taken {
			t.Fatal(taken, err)
		}
		b := make([]byte, 100)
		n, err := p.nc.Read(b)
		if want := "\x81\x011\x81\x00\x81\x013"; string(b[:n]) != want {
			t.Errorf("read %q, %v; want %q", b[:n], err, want)
		}
	})
}

func TestWriteAllRefuses(t *testing.T) {
	c, p := accept(t, conn.Config{})
	for _, tt := range []struct {
		name     string
		op       conn.Opcode
		messages [][]byte
		want     error
	}{
		{"nothing", conn.Text, nil, nil},
		{"opcode", frame.Ping, [][]byte{nil}, conn.ErrOpcode},
		{"second-not-utf8", conn.Text, [][]byte{[]byte("fine"), []byte("\xff")}, conn.ErrNotUTF8},
	} {
		if taken, err := c.WriteAll(t.Context(), tt.op, tt.messages); !errors.Is(err, tt.want) || taken {
			t.Errorf("%s: %v, %v; want %v", tt.name, taken, err, tt.want)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if taken, err := c.WriteAll(ended, conn.Text, [][]byte{[]byte("late")}); !errors.Is(err, context.Canceled) || taken {
		t.Errorf("under an ended context: %v, %v", taken, err)
	}
	if err := c.WriteText(t.Context(), "still here"); err != nil {
		t.Fatal(err)
	}
	p.want(frame.Text, "still here")
	c.Abort()
	if taken, err := c.WriteAll(t.Context(), conn.Text, [][]byte{nil}); !errors.Is(err, conn.ErrClosed) || taken {
		t.Errorf("after the end: %v, %v", taken, err)
	}
}

// Nothing comes between the messages of one call, whether or not there is a write
// in progress.
func TestWriteAllAmongOthers(t *testing.T) {
	for _, compressed := range []bool{false, true} {
		t.Run(fmt.Sprintf("compressed=%v", compressed), func(t *testing.T) {
			cfg := conn.Config{Compression: conn.Compression{Enabled: compressed, Threshold: -1}}
			server, client := conn.Pipe(cfg, cfg)
			defer client.Abort()
			defer server.Abort()
			const calls, each = 20, 50
			var senders sync.WaitGroup
			for range 3 {
				senders.Go(func() {
					group := make([][]byte, each)
					for i := range group {
						group[i] = fmt.Append(nil, i)
					}
					for range calls {
						server.WriteAll(context.Background(), conn.Text, group)
					}
				})
			}
			for i := range 3 * calls * each {
				if _, b, err := client.Read(t.Context()); err != nil || string(b) != fmt.Sprint(i%each) {
					t.Fatalf("message %d is %q, %v", i, b, err)
				}
			}
			senders.Wait()
		})
	}
}

func TestWriteAllBehindAWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := accept(t, conn.Config{WriteTimeout: -1})
		go c.Write(context.Background(), conn.Text, bytes.Repeat([]byte("a"), 200_000))
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		if taken, err := c.WriteAll(ctx, conn.Text, [][]byte{[]byte("x"), []byte("y")}); err != nil || !taken {
			t.Errorf("queued behind a write: %v, %v", taken, err)
		}
		p.message()
		p.want(frame.Text, "x")
		p.want(frame.Text, "y")
	})
}

// A context that ends when nothing could be written yet takes all messages back; one
// that ends later leaves them to be sent on.
func TestWriteAllContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := accept(t, conn.Config{WriteTimeout: -1})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		big := bytes.Repeat([]byte("a"), 200_000)
		if taken, err := c.WriteAll(ctx, conn.Binary, [][]byte{big, []byte("b")}); !errors.Is(err, conn.ErrWriteUnfinished) || !taken {
			t.Errorf("in the middle: %v, %v", taken, err)
		}
		if p.message() != string(big) || p.message() != "b" {
			t.Error("other messages arrived")
		}
	})
}

func TestWriteAllOnALostConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := accept(t, conn.Config{WriteTimeout: -1})
		time.AfterFunc(time.Second, c.Abort)
		if taken, err := c.WriteAll(t.Context(), conn.Binary, [][]byte{bytes.Repeat([]byte("a"), 200_000)}); !errors.Is(err, conn.ErrClosed) || !taken {
			t.Errorf("broken off: %v, %v", taken, err)
		}
	})
}
