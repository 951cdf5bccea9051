package conn_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
)

func TestWriteAllLeavesInOneWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := accept(t, conn.Config{})
		if err := c.WriteAll(t.Context(), conn.Text, [][]byte{[]byte("1"), nil, []byte("3")}); err != nil {
			t.Fatal(err)
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
		if err := c.WriteAll(t.Context(), tt.op, tt.messages); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.WriteAll(ended, conn.Text, [][]byte{[]byte("late")}); !errors.Is(err, context.Canceled) {
		t.Errorf("under an ended context: %v", err)
	}
	if err := c.WriteText(t.Context(), "still here"); err != nil {
		t.Fatal(err)
	}
	p.want(frame.Text, "still here")
	c.Abort()
	if err := c.WriteAll(t.Context(), conn.Text, [][]byte{nil}); !errors.Is(err, conn.ErrClosed) {
		t.Errorf("after the end: %v", err)
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
		if err := c.WriteAll(ctx, conn.Text, [][]byte{[]byte("x"), []byte("y")}); err != nil {
			t.Errorf("queued behind a write: %v", err)
		}
		p.message()
		p.want(frame.Text, "x")
		p.want(frame.Text, "y")
	})
}
