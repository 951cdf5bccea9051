package app_test

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/eventloop"
)

// ledger is what a server did for its connections, by their number.
type ledger struct {
	answered []atomic.Uint32 // messages whose answer was taken for sending
	ended    []atomic.Bool   // OnClose was called
	late     atomic.Uint32   // messages passed on after OnClose
}

// tally answers each message with itself, and keeps the ledger.
type tally struct {
	app.Application
	l *ledger
	n int // the connection's number, which is in its messages
}

func (h *tally) OnBinary(c *app.Conn, p []byte) error {
	h.n = int(binary.BigEndian.Uint32(p))
	if h.l.ended[h.n].Load() {
		h.l.late.Add(1)
	}
	if err := c.SendBinary(p); err != nil {
		return err
	}
	h.l.answered[h.n].Add(1)
	return nil
}

func (h *tally) OnClose(*app.Conn, *app.CloseError) { h.l.ended[h.n].Store(true) }

// drained is what a client saw: it counts the answers, which must come in order.
type drained struct {
	answers uint32
	end     *conn.CloseError
	broken  bool
}

// keepSending sends numbered messages, a few at a time, until the connection ends.
func keepSending(c *conn.Conn, n uint32) (d drained) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	const window = 2
	room := make(chan struct{}, window)
	stop := make(chan struct{})
	var sender sync.WaitGroup
	sender.Go(func() {
		for i := uint32(0); ; i++ {
			select {
			case room <- struct{}{}:
			case <-stop:
				return
			}
			p := binary.BigEndian.AppendUint32(nil, n)
			if c.Write(ctx, conn.Binary, binary.BigEndian.AppendUint32(p, i)) != nil {
				return
			}
		}
	})
	for ; ; d.answers++ {
		_, p, err := c.Read(ctx)
		if err != nil {
			d.end, _ = errors.AsType[*conn.CloseError](err)
			close(stop)
			sender.Wait()
			return d
		}
		if binary.BigEndian.Uint32(p) != n || binary.BigEndian.Uint32(p[4:]) != d.answers {
			d.broken = true
		}
		<-room
	}
}

// crowdSize is how many connections are drained: each takes two descriptors, since its
// client is here too.
func crowdSize() int {
	if os.Getenv("GODWIT_LONG") != "" {
		return 9_500
	}
	return 500
}

// Shutdown under load: all are told 1001, each answer that a hook has sent arrives, and
// nothing is passed on afterwards. It ends in time, and nobody is let in any more.
func TestDrainUnderLoad(t *testing.T) {
	for name, engine := range map[string]func(t *testing.T) *eventloop.Engine{
		"goroutines": func(*testing.T) *eventloop.Engine { return nil },
		"loops":      newEngine,
	} {
		t.Run(name, func(t *testing.T) { drainUnderLoad(t, engine(t)) })
	}
}

func drainUnderLoad(t *testing.T, engine *eventloop.Engine) {
	size := crowdSize()
	l := &ledger{answered: make([]atomic.Uint32, size), ended: make([]atomic.Bool, size)}
	cfg := app.Config{Engine: engine, DrainTimeout: time.Minute, Limits: conn.Config{CloseTimeout: 30 * time.Second}}
	s, url := serve(t, cfg, func(r *app.Router) {
		route(t, r, "/", func() any { return &tally{l: l} })
	})
	results := make([]drained, size)
	clients := make([]*client, size)
	for i := range clients {
		clients[i] = dial(t, url)
	}
	var all sync.WaitGroup
	for i, c := range clients {
		all.Go(func() { results[i] = keepSending(c.Conn, uint32(i)) })
	}
	eventually(t, "all have had an answer", func() bool {
		for i := range l.answered {
			if l.answered[i].Load() == 0 {
				return false
			}
		}
		return true
	})
	start := time.Now()
	if err := s.Shutdown(context.Background()); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	t.Logf("Shutdown took %v", time.Since(start))
	if _, err := conn.Dial(context.Background(), url); err == nil {
		t.Error("a newcomer was let in after Shutdown")
	}
	all.Wait()
	checkDrained(t, l, results)
}

func checkDrained(t *testing.T, l *ledger, results []drained) {
	t.Helper()
	total := uint32(0)
	for i, d := range results {
		switch sent := l.answered[i].Load(); {
		case d.end == nil || d.end.Code != conn.CodeGoingAway || !d.end.Remote:
			t.Errorf("connection %d ended with %v, want 1001", i, d.end)
		case d.broken:
			t.Errorf("connection %d: answers out of order, or another's", i)
		case d.answers != sent:
			t.Errorf("connection %d: %d answers were sent, %d arrived", i, sent, d.answers)
		case !l.ended[i].Load():
			t.Errorf("connection %d: OnClose wasn't called before Shutdown returned", i)
		}
		total += d.answers
	}
	if n := l.late.Load(); n > 0 {
		t.Errorf("%d messages were passed on after OnClose", n)
	}
	t.Logf("%d connections, %d messages", len(results), total)
}
