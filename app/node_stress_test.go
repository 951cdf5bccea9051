package app_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/internal/badline"
	"github.com/godwit-ws/godwit/store"
)

// TestNodeStress has nodes send to one that comes and goes, on a bad line, for rounds of
// which GODWIT_SEED sets the first; with GODWIT_LONG for a minute. What was
// acknowledged is taken once, in the order in which it was sent; what was not sent
// never is; and nothing else.
func TestNodeStress(t *testing.T) {
	goroutines, files := runtime.NumGoroutine(), openFiles(t)
	rounds(t, func(seed uint64) {
		nodeStress(t, seed)
		if t.Failed() {
			t.Logf("failed with GODWIT_SEED=%d", seed)
		}
	})
	nodeEventually(t, "the end of the last goroutine and file", func() bool {
		return runtime.NumGoroutine() <= goroutines && openFiles(t) <= files
	})
}

// nodeStress is one round.
func nodeStress(t *testing.T, seed uint64) {
	g := rand.New(rand.NewPCG(seed, 0))
	line, err := badline.New(seed)
	if err != nil {
		t.Fatal(err)
	}
	defer line.Close()
	h := &nodeHub{t: t, line: line, seed: seed, disk: g.IntN(2) == 0, cfg: store.Config{Sync: store.Sync(g.IntN(3))}}
	if h.disk {
		if h.cfg.Dir, err = os.MkdirTemp(t.TempDir(), ""); err != nil {
			t.Fatal(err)
		}
		h.cfg.CompactAfter = 1 << (8 + g.IntN(10))
	}
	if g.IntN(3) == 0 {
		h.cfg.MaxMessages, h.cfg.WhenFull = 1+g.IntN(50), []store.WhenFull{store.Refuse, store.Wait}[g.IntN(2)]
	}
	h.up()
	var work sync.WaitGroup
	stop := make(chan struct{})
	var others []*nodeOther
	for i := range 1 + g.IntN(3) {
		o := &nodeOther{hub: h, number: i, heard: store.NewMemory(store.Config{})}
		o.Node = app.NewNode(app.NodeConfig{
			Store: o.heard, AckTimeout: time.Duration(50+g.IntN(500)) * time.Millisecond, Logger: slog.New(slog.DiscardHandler),
			IdleTimeout: time.Duration(1+g.IntN(100)) * time.Millisecond,
		})
		others = append(others, o)
		for k := range 1 + g.IntN(4) {
			dice := rand.New(rand.NewPCG(seed, uint64(100*i+k)))
			work.Go(func() { o.send(dice, k, stop) })
		}
	}
	for range 1 + g.IntN(8) {
		time.Sleep(time.Duration(g.IntN(20)) * time.Millisecond)
		switch g.IntN(6) {
		case 0:
			h.down(g.IntN(2) == 0)
			h.up()
		case 1:
			nodeStop(t, h.node)
			h.listen()
		case 2:
			line.Cut()
		case 3:
			nodeStop(t, others[g.IntN(len(others))].Node)
		}
	}
	close(stop)
	work.Wait()
	line.Heal()
	h.finish(others)
}

// nodeStop stops a node, which takes a moment.
func nodeStop(t *testing.T, n *app.Node) {
	ctx, cancel := context.WithTimeout(context.Background(), nodePatience)
	defer cancel()
	if err := n.Stop(ctx); err != nil {
		t.Errorf("Stop: %v", err)
	}
}

// nodeHub is the node that is sent to.
type nodeHub struct {
	t    *testing.T
	line *badline.Line
	seed uint64
	disk bool
	cfg  store.Config

	node  *app.Node
	store store.Store
	life  int                // how often it was opened
	end   context.CancelFunc // of the goroutines below
	work  sync.WaitGroup

	mu    sync.Mutex
	taken []nodeTaken
	fates map[string]error // by content: what Send returned; nil if it was acknowledged
	told  map[string]bool  // contents of broadcasts
}

// nodeTaken is a message that somebody has dealt with.
type nodeTaken struct {
	app.NodeMessage
	life int
}

// up opens the hub, with those who take messages and broadcast.
func (h *nodeHub) up() {
	var err error
	if h.life++; h.disk {
		h.store, err = store.OpenDisk(h.cfg)
	} else if h.store == nil {
		h.store = store.NewMemory(h.cfg)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	h.node = app.NewNode(app.NodeConfig{
		Store: h.store, AckTimeout: 200 * time.Millisecond, BroadcastTimeout: 50 * time.Millisecond, Logger: slog.New(slog.DiscardHandler),
	})
	h.listen()
	ctx, cancel := context.WithCancel(context.Background())
	h.end = cancel
	g := rand.New(rand.NewPCG(h.seed, 10_000+uint64(h.life)))
	for i := range 1 + g.IntN(3) {
		dice := rand.New(rand.NewPCG(g.Uint64(), 0))
		h.work.Go(func() { h.take(ctx, dice) })
		if g.IntN(2) == 0 {
			h.work.Go(func() { h.tell(ctx, i) })
		}
	}
}

// listen has the hub's node reached by the line.
func (h *nodeHub) listen() {
	if err := h.node.StartAddr("127.0.0.1:0"); err != nil {
		h.t.Fatal(err)
	}
	h.line.Target(h.node.Addr().String())
}

// down stops the hub: those who take first, or the node first.
func (h *nodeHub) down(takersFirst bool) {
	if takersFirst {
		h.end()
		h.work.Wait()
	}
	nodeStop(h.t, h.node)
	h.end()
	h.work.Wait()
	if h.disk {
		if err := h.store.Close(); err != nil {
			h.t.Errorf("Close of the store: %v", err)
		}
	}
}

// errNodeStress is what a handler returns that gives its message back.
var errNodeStress = errors.New("not now")

// take takes messages in all ways there are.
func (h *nodeHub) take(ctx context.Context, g *rand.Rand) {
	for ctx.Err() == nil {
		var err error
		switch g.IntN(4) {
		case 0:
			if m, ok := h.node.NextMessage(); ok {
				h.note(m)
			}
		case 1:
			var m app.NodeMessage
			if m, err = h.node.WaitMessage(ctx); err == nil {
				h.note(m)
			}
		case 2:
			for m, e := range h.node.Messages(ctx) {
				if err = e; err != nil {
					break
				}
				h.note(m)
				if g.IntN(5) == 0 {
					break
				}
			}
		case 3:
			err = h.node.Dispatch(ctx, app.NodeHandlers{"": func(_ context.Context, m app.NodeMessage) error {
				if g.IntN(5) == 0 {
					return errNodeStress
				}
				h.note(m)
				return nil
			}})
		}
		if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, errNodeStress) {
			h.t.Errorf("a message wasn't taken: %v", err)
			return
		}
		if g.IntN(10) == 0 {
			time.Sleep(time.Duration(g.IntN(2000)) * time.Microsecond)
		}
	}
}

func (h *nodeHub) note(m app.NodeMessage) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.taken = append(h.taken, nodeTaken{m, h.life})
}

// tell broadcasts.
func (h *nodeHub) tell(ctx context.Context, who int) {
	for n := 0; ctx.Err() == nil; n++ {
		content := fmt.Sprintf("%d/%d %d", h.life, who, n)
		h.mu.Lock()
		if h.told == nil {
			h.told = make(map[string]bool)
		}
		h.told[content] = true
		h.mu.Unlock()
		if _, err := h.node.Broadcast(ctx, "news", "", content); err != nil && !errors.Is(err, app.ErrNodeNoPeers) {
			h.t.Errorf("Broadcast: %v", err)
		}
		time.Sleep(time.Millisecond)
	}
}

// nodeOther is a node that sends to the hub and hears its broadcasts.
type nodeOther struct {
	*app.Node
	hub    *nodeHub
	number int
	heard  store.Store
}

// send sends, one after the other, as one goroutine.
func (o *nodeOther) send(g *rand.Rand, who int, stop chan struct{}) {
	addr := o.hub.line.Addr()
	for n := 0; ; n++ {
		select {
		case <-stop:
			return
		default:
		}
		content := fmt.Sprintf("%d/%d %d", o.number, who, n)
		ctx, cancel := context.Background(), context.CancelFunc(func() {})
		if g.IntN(5) == 0 {
			ctx, cancel = context.WithTimeout(ctx, time.Duration(g.IntN(20_000))*time.Microsecond)
		}
		pad := fmt.Sprintf("%0*d", 1+g.IntN(300), 0)
		err := o.Send(ctx, addr.IP.String(), addr.Port, "chat", pad, content)
		cancel()
		o.hub.mu.Lock()
		if o.hub.fates == nil {
			o.hub.fates = make(map[string]error)
		}
		o.hub.fates[content] = err
		o.hub.mu.Unlock()
		if g.IntN(10) == 0 {
			time.Sleep(time.Duration(g.IntN(3000)) * time.Microsecond)
		}
	}
}
