package conn_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/internal/memconn"
	"github.com/godwit-ws/godwit/frame"
)

// overflow posts on c, whose peer doesn't read, until that ends the connection, and
// returns how many messages were queued before.
func overflow(t testing.TB, c *conn.Conn) (queued int) {
	t.Helper()
	for {
		dropped, err := c.Post(prepared(t, fmt.Sprint(queued)), conn.Posting{MaxMessages: 20})
		switch {
		case err != nil:
			wantEnd(t, err, frame.CodeTryAgainLater, false, conn.ErrOverflow)
			if dropped != 1 {
				t.Errorf("dropped %d", dropped)
			}
			return queued
		case dropped != 0 || queued > 100:
			t.Fatalf("Post = %d after %d", dropped, queued)
		}
		queued++
	}
}

// A peer that reads after all gets what was queued, and then is told to try again.
func TestPostOverflowCloses(t *testing.T) {
	inBothRoles(t, conn.Config{}, func(t *testing.T, c, peer *conn.Conn) {
		stall(t, c)
		start := time.Now()
		if n := overflow(t, c); n != 20 {
			t.Errorf("%d messages were queued", n)
		}
		elapsed(t, start, 0)
		if err := c.WriteText(t.Context(), "more"); !errors.Is(err, conn.ErrClosed) {
			t.Errorf("Write = %v", err)
		}
		c.DiscardReads()
		for i := -1; i < 20; i++ {
			op, p, err := peer.Read(t.Context())
			if err != nil || op == conn.Text && string(p) != fmt.Sprint(i) {
				t.Fatalf("message %d: %q, %v", i, p, err)
			}
		}
		_, _, err := peer.Read(t.Context())
		wantEnd(t, err, frame.CodeTryAgainLater, true, nil)
		synctest.Wait()
		wantEnd(t, c.Err(), frame.CodeTryAgainLater, false, conn.ErrOverflow)
	})
}

// A peer that reads nothing at all is given up within CloseTimeout, or before it
// when a write has made no progress for WriteTimeout; whoever reads, the end says
// why.
func TestPostOverflowGivesUp(t *testing.T) {
	for _, tt := range []struct {
		name  string
		cfg   conn.Config
		took  time.Duration
		cause error
	}{
		{"close-timeout", conn.Config{}, 5 * time.Second, conn.ErrCloseTimeout},
		{"write-timeout", conn.Config{WriteTimeout: 3 * time.Second}, 3 * time.Second, conn.ErrWriteTimeout},
		{"write-timeout-alone", conn.Config{CloseTimeout: -1}, 10 * time.Second, conn.ErrWriteTimeout},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, style := range []string{"nobody-reads", "discard", "read", "hooks"} {
				t.Run(style, func(t *testing.T) {
					inBothRoles(t, tt.cfg, func(t *testing.T, c, _ *conn.Conn) {
						var h recorder
						ended := make(chan struct{})
						go func() {
							defer close(ended)
							switch style {
							case "discard":
								<-c.DiscardReads().Done()
							case "read":
								c.Read(context.Background())
							case "hooks":
								c.Run(&h)
							}
						}()
						start := time.Now()
						stall(t, c)
						overflow(t, c)
						<-c.Context().Done()
						elapsed(t, start, tt.took)
						wantEnd(t, c.Err(), frame.CodeTryAgainLater, false, conn.ErrOverflow)
						wantEnd(t, c.Err(), frame.CodeTryAgainLater, false, tt.cause)
						<-ended
						if style == "hooks" && (h.end == nil || h.end.Code != frame.CodeTryAgainLater) {
							t.Errorf("OnClose was given %v", h.end)
						}
						synctest.Wait()
						if n := c.QueueMemory(); n > 2<<10 {
							t.Errorf("the queue keeps %d bytes", n)
						}
					})
				})
			}
		})
	}
}

// Inside hooks what is posted is corked with all else, in order.
func TestPostInHooks(t *testing.T) {
	var r recorder
	r.message = func(c *conn.Conn, p []byte) error {
		if _, err := c.Post(prepared(t, string(p)), conn.Posting{}); err != nil {
			return err
		}
		return c.WriteText(context.Background(), "w")
	}
	run(t, conn.Config{}, &r, func(p *peer) {
		p.send(whole(frame.Text, "1"), whole(frame.Text, "2"))
		b := make([]byte, 64)
		if n, _ := p.nc.Read(b); string(b[:n]) != "\x81\x011\x81\x01w\x81\x012\x81\x01w" {
			t.Errorf("the first read is % x", b[:n])
		}
		p.send(whole(frame.Close, ""))
		p.wantClose(0)
	})
}

// A hook that posts to a peer that doesn't read goes on, and so does reading: the
// cork that is full is flushed without waiting, and what follows is queued.
func TestPostInHooksNeverWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := accept(t, conn.Config{})
		m := prepared(t, strings.Repeat("m", 30_000))
		dropped := 0
		var r recorder
		r.message = func(c *conn.Conn, _ []byte) error {
			for range 20 {
				n, err := c.Post(m, conn.Posting{Overflow: conn.DropOldest, MaxMessages: 5})
				if err != nil {
					return err
				}
				dropped += n
			}
			return nil
		}
		start := time.Now()
		go c.Run(&r)
		for range 10 {
			p.send(whole(frame.Text, "go"))
		}
		synctest.Wait()
		if len(r.calls) != 11 {
			t.Errorf("called %q", r.calls)
		}
		if dropped < 200-memconn.BufferSize/30_000-5-4 {
			t.Errorf("dropped %d of 200", dropped)
		}
		if messages, _ := c.Queued(); messages != 5 {
			t.Errorf("%d messages wait", messages)
		}
		elapsed(t, start, 0)
	})
}

// What waits is committed a little at a time, as the peer reads: the rest may still
// give way.
func TestPostIsCommittedLate(t *testing.T) {
	inBothRoles(t, conn.Config{}, func(t *testing.T, c, peer *conn.Conn) {
		stall(t, c)
		noise := make([]byte, 30_000)
		rand.Read(noise)
		m, err := conn.NewPrepared(conn.Binary, noise)
		if err != nil {
			t.Fatal(err)
		}
		for range 100 {
			c.Post(m, conn.Posting{Overflow: conn.DropOldest})
		}
		if _, _, err := peer.Read(t.Context()); err != nil { // of stall
			t.Fatal(err)
		}
		synctest.Wait()
		left := 100 - (3*memconn.BufferSize+2*64<<10)/30_000 // in the peer's memory and its reader's, under way, and to be written next
		if messages, _ := c.Queued(); messages < left || messages == 100 {
			t.Errorf("%d messages wait, want %d at least", messages, left)
		}
	})
}

// Behind a message that is sent in pieces posted messages wait, under the same
// limits, and then follow it in order; pongs go in between.
func TestPostBehindAMessageWriter(t *testing.T) {
	inBothRoles(t, conn.Config{}, func(t *testing.T, c, peer *conn.Conn) {
		c.Post(prepared(t, "before"), conn.Posting{})
		w, err := c.Writer(t.Context(), conn.Text)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, "in ")
		w.Flush()
		start := time.Now()
		var dropped []int
		for i, p := range []conn.Posting{
			{Overflow: conn.DropOldest, MaxMessages: 3}, {Overflow: conn.DropNewest, MaxMessages: 3}, {Overflow: conn.KeepLatest, MaxMessages: 3},
			{Overflow: conn.KeepLatest, MaxMessages: 3}, {Overflow: conn.DropOldest, MaxMessages: 3}, {Overflow: conn.DropNewest, MaxMessages: 3},
		} {
			n, err := c.Post(prepared(t, fmt.Sprint(i)), p)
			if err != nil {
				t.Fatal(err)
			}
			dropped = append(dropped, n)
		}
		elapsed(t, start, 0)
		if diff := cmp.Diff([]int{0, 0, 0, 1, 1, 1}, dropped); diff != "" {
			t.Errorf("dropped (-want +got):\n%s", diff)
		}
		if messages, _ := c.Queued(); messages != 3 {
			t.Errorf("%d messages wait", messages)
		}
		go peer.Ping(t.Context())
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		c.Read(ctx) // answers the ping
		io.WriteString(w, "two")
		w.Close()
		synctest.Wait()
		c.WriteText(t.Context(), "end")
		if diff := cmp.Diff([]string{"before", "in two", "1", "3", "4"}, texts(t, peer)); diff != "" {
			t.Errorf("arrived (-want +got):\n%s", diff)
		}
	})
}

// What has waited behind a message that is never finished isn't sent, and nothing
// of it is kept.
func TestPostBehindAnUnfinishedMessage(t *testing.T) {
	for name, end := range map[string]func(c *conn.Conn, w *conn.MessageWriter){
		"given-up": func(_ *conn.Conn, w *conn.MessageWriter) { w.Write([]byte("\xff")) },
		"closed": func(c *conn.Conn, _ *conn.MessageWriter) {
			go c.Close(context.Background(), frame.CodeInternalError, "")
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBothRoles(t, conn.Config{}, func(t *testing.T, c, peer *conn.Conn) {
				w, err := c.Writer(t.Context(), conn.Text)
				if err != nil {
					t.Fatal(err)
				}
				io.WriteString(w, "begun")
				w.Flush()
				c.Post(prepared(t, "waits"), conn.Posting{})
				end(c, w)
				_, p, err := peer.Read(t.Context())
				if err == nil {
					t.Fatalf("arrived: %q", p)
				}
				wantEnd(t, err, frame.CodeInternalError, true, nil)
				if messages, _ := c.Queued(); messages != 0 {
					t.Errorf("%d messages wait", messages)
				}
			})
		})
	}
}

// A MessageWriter that isn't closed doesn't keep OverflowClose from ending the
// connection.
func TestPostOverflowsBehindAMessageWriter(t *testing.T) {
	inBothRoles(t, conn.Config{}, func(t *testing.T, c, peer *conn.Conn) {
		w, err := c.Writer(t.Context(), conn.Text)
		if err != nil {
			t.Fatal(err)
		}
		overflow(t, c)
		_, _, err = peer.Read(t.Context())
		wantEnd(t, err, frame.CodeTryAgainLater, true, nil)
		io.WriteString(w, "late")
		if err := w.Close(); !errors.Is(err, conn.ErrClosed) {
			t.Errorf("Close = %v", err)
		}
	})
}

// A Close follows all that was posted before it.
func TestCloseFollowsPosts(t *testing.T) {
	inBothRoles(t, conn.Config{}, func(t *testing.T, c, peer *conn.Conn) {
		stall(t, c)
		c.Post(prepared(t, "last"), conn.Posting{Overflow: conn.DropOldest})
		go c.Close(context.Background(), 4001, "")
		synctest.Wait()
		if _, err := c.Post(prepared(t, "late"), conn.Posting{Overflow: conn.DropOldest, MaxMessages: 1}); !errors.Is(err, conn.ErrClosed) {
			t.Errorf("Post = %v", err)
		}
		peer.Read(t.Context()) // of stall
		if _, p, err := peer.Read(t.Context()); string(p) != "last" || err != nil {
			t.Errorf("Read = %q, %v", p, err)
		}
		_, _, err := peer.Read(t.Context())
		wantEnd(t, err, 4001, true, nil)
	})
}
