package conn_test

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/internal/memconn"
	"github.com/godwit-ws/godwit/frame"
)

// Who reads isn't held up by what others send, nor by a few pongs: the peer, which
// reads nothing here, may be waiting for us to read.
func TestReadingGoesOnWhileOutputWaits(t *testing.T) {
	fill := func(c *conn.Conn) { c.Write(context.Background(), conn.Binary, make([]byte, memconn.BufferSize-4)) }
	others := func(c *conn.Conn) {
		for range 3 {
			go c.Write(context.Background(), conn.Binary, make([]byte, 1<<20))
		}
		time.Sleep(time.Microsecond) // until all of them wait
	}
	pings := func(p *peer) {
		for range 100 {
			p.send(whole(frame.Ping, "p"))
		}
		time.Sleep(time.Microsecond) // until they are read
	}
	t.Run("pongs-behind-messages", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, p := accept(t, conn.Config{})
			others(c)
			pings(p)
			p.send(whole(frame.Text, "m"))
			start := time.Now()
			if _, m, err := c.Read(t.Context()); string(m) != "m" {
				t.Errorf("Read = %q, %v", m, err)
			}
			soon(t, start)
		})
	})
	t.Run("pongs-of-hooks", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a, b := memPipe(t)
			wantSecondMessage(t, a, b, fill, pings)
		})
	})
	t.Run("others-behind-answers", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a, b := memPipe(t)
			slow := &odd{Conn: a, read: a.Read, write: a.Write}
			wantSecondMessage(t, slow, b, func(c *conn.Conn) {
				c.WriteText(context.Background(), "answer")
				slow.write = func(p []byte) (int, error) {
					slow.write = a.Write
					others(c)
					return a.Write(p)
				}
			}, func(*peer) {})
		})
	})
}

// wantSecondMessage serves nc by hooks, the first of which does something, and
// checks that the second one is called at once, whatever the peer does in between.
func wantSecondMessage(t *testing.T, nc, client net.Conn, first func(*conn.Conn), between func(*peer)) {
	t.Helper()
	c, p := acceptOn(t, conn.Config{}, nc, client)
	start := time.Now()
	var h recorder
	h.message = func(*conn.Conn, []byte) error {
		if len(h.calls) == 2 {
			first(c)
			return nil
		}
		soon(t, start)
		return nil
	}
	ended := make(chan struct{})
	go func() { defer close(ended); c.Run(&h) }()
	p.send(whole(frame.Text, "first"))
	time.Sleep(2 * time.Microsecond) // until it has returned
	between(p)
	p.send(whole(frame.Text, "second"))
	synctest.Wait()
	if len(h.calls) != 3 {
		t.Errorf("hooks were called as %q", h.calls)
	}
	c.Abort()
	<-ended
}

// soon checks that nearly no time has passed since start, in a bubble.
func soon(t *testing.T, start time.Time) {
	t.Helper()
	if took := time.Since(start); took > time.Millisecond {
		t.Errorf("took %v", took)
	}
}
