package app_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/eventloop"
)

// A member that stops reading and then reads again gets what its topic's policy says on
// every engine, over a socket. A first message that no socket takes whole holds the
// others up.
func TestSlowConsumerAlike(t *testing.T) {
	for name, policy := range map[string]app.SlowConsumer{
		"disconnect":  {MaxMessages: 2},
		"drop-newest": {Policy: app.DropNewest, MaxMessages: 2},
		"drop-oldest": {Policy: app.DropOldest, MaxMessages: 2},
		"keep-latest": {Policy: app.KeepLatest, MaxMessages: 2},
	} {
		t.Run(name, func(t *testing.T) {
			alike(t, func(t *testing.T, e *eventloop.Engine) []string { return holdUp(t, e, policy, 0) })
		})
	}
}

// Where nobody may wait Block drops, and disconnects nobody.
func TestSlowConsumerBlockInline(t *testing.T) {
	got := holdUp(t, engines(t)["inline"], app.SlowConsumer{Policy: app.Block, MaxWait: time.Hour, MaxMessages: 2}, 100)
	if last := got[len(got)-1]; last != "dropped 8 disconnected 0" {
		t.Errorf("%s:\n%s", last, strings.Join(got, "\n"))
	}
}

// holdUp publishes to a member that reads nothing meanwhile, twice, and returns what
// becomes of it.
func holdUp(t *testing.T, e *eventloop.Engine, policy app.SlowConsumer, maxQueued int) []string {
	seen, ends := new(lines), make(closes, 1)
	cfg := app.Config{Engine: e, SlowConsumer: policy, Limits: conn.Config{MaxQueued: maxQueued}}
	s, url := serve(t, cfg, at(t, "/", acts{open: func(c *app.Conn) error {
		if err := c.Join("x"); err != nil {
			return err
		}
		return c.SendText("joined")
	}, close: ends.note}))
	c := dialWith(t, &conn.Dialer{Config: conn.Config{MaxMessageSize: -1}, NetDial: littleRoom}, url)
	c.want("joined")
	big := make([]byte, 8<<20)
	for round := range 2 {
		reached, err := s.To("x").Binary(big)
		seen.add("big: %d %v", reached, err)
		eventually(t, "the big message on its way", func() bool { // else the policy may choose it
			for c := range s.Conns() {
				return c.Queued() == 0
			}
			return true // disconnected
		})
		for i := range 6 {
			reached, err := s.To("x").Keyed(fmt.Sprint(i % 2)).Text(fmt.Sprint(round, i))
			seen.add("%d: %d %v", i, reached, err)
		}
		if got := c.read(); len(got) != len(big) {
			t.Fatalf("read %d bytes", len(got))
		}
		if policy.Policy == app.Disconnect {
			seen.add("peer: %s", endText(c.ended()))
			seen.add("OnClose: %s", endText(<-ends))
			break
		}
		for range 2 {
			seen.add("got %s", c.read())
		}
	}
	st := s.Stats()
	seen.add("dropped %d disconnected %d", st.Dropped, st.Disconnected)
	return seen.list()
}

// littleRoom dials with a small buffer to receive in.
func littleRoom(ctx context.Context, network, addr string) (net.Conn, error) {
	nc, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return nc, nc.(*net.TCPConn).SetReadBuffer(64 << 10)
}
