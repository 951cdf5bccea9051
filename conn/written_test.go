package conn_test

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
)

func TestWaitWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := accept(t, conn.Config{WriteTimeout: -1})
		if err := c.WaitWritten(t.Context()); err != nil {
			t.Errorf("with nothing sent: %v", err)
		}
		big := bytes.Repeat([]byte("a"), 200_000)
		go c.Write(context.Background(), conn.Text, big)
		synctest.Wait()
		if err := c.WriteText(t.Context(), "queued"); err != nil {
			t.Fatal(err)
		}
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.WaitWritten(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("behind a peer that doesn't read: %v", err)
		}
		written := make(chan error, 1)
		go func() { written <- c.WaitWritten(context.Background()) }()
		synctest.Wait()
		if len(written) > 0 {
			t.Fatal("returned before the peer has read")
		}
		p.message()
		p.want(frame.Text, "queued")
		if err := <-written; err != nil {
			t.Errorf("after the peer has read: %v", err)
		}
	})
}

// Traffic that never ends doesn't hold up whoever waits for what was sent before.
func TestWaitWrittenAmongOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := accept(t, conn.Config{WriteTimeout: -1})
		var others sync.WaitGroup
		others.Go(func() {
			for big := bytes.Repeat([]byte("a"), 100_000); c.Write(context.Background(), conn.Binary, big) == nil; {
			}
		})
		others.Go(func() {
			for b, err := make([]byte, 64<<10), error(nil); err == nil; _, err = p.nc.Read(b) {
				time.Sleep(time.Millisecond)
			}
		})
		time.Sleep(time.Second)
		if err := c.WriteText(t.Context(), "mine"); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := c.WaitWritten(ctx); err != nil {
			t.Error(err)
		}
		c.Abort()
		others.Wait()
	})
}

func TestWaitWrittenOfALostConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := accept(t, conn.Config{WriteTimeout: -1})
		go c.Write(context.Background(), conn.Text, bytes.Repeat([]byte("a"), 200_000))
		synctest.Wait()
		if err := c.WriteText(t.Context(), "queued"); err != nil {
			t.Fatal(err)
		}
		lost := make(chan error, 1)
		go func() { lost <- c.WaitWritten(context.Background()) }()
		synctest.Wait()
		c.Abort()
		if e, ok := errors.AsType[*conn.CloseError](<-lost); !ok || e.Code != frame.CodeAbnormal {
			t.Errorf("WaitWritten = %v", e)
		}
		if err := c.WaitWritten(t.Context()); !errors.Is(err, conn.ErrClosed) {
			t.Errorf("after the end: %v", err)
		}
	})
}
