package app

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/godwit-ws/godwit/app/internal/envelope"
	"github.com/godwit-ws/godwit/conn"
)

// nodeTarget is another node that is sent to.
type nodeTarget struct {
	n          *Node
	era        *nodeEra // of its making: a send that began before Stop is over with it
	key, url   string
	host, port envelope.Value // as messages name it

	users int       // guarded by the pool's mu
	used  time.Time // likewise

	retry nodeRetry

	mu   sync.Mutex
	link *nodeLink // nil if there is none; it may have ended
	dial *nodeDial // in progress; nil if there is none
}

// nodeDial is an attempt to connect that any number of sends wait for.
type nodeDial struct {
	done chan struct{} // closed when link and err are set
	link *nodeLink
	err  error
}

func newNodeTarget(n *Node, e *nodeEra, host, key string, port int) *nodeTarget {
	u := url.URL{Scheme: "ws", Host: key, Path: "/"}
	return &nodeTarget{
		n: n, era: e, key: key, url: u.String(),
		host: envelope.AppendString(nil, host),
		port: strconv.AppendInt(nil, int64(port), 10),
	}
}

// send sends a message by the target's link, or by a new one if that has ended
// before it took the message.
func (t *nodeTarget) send(ctx context.Context, message []byte) error {
	for {
		l, err := t.connect(ctx)
		if err != nil {
			return notSent(err)
		}
		if err := l.send(ctx, message); !errors.Is(err, errNodeStale) {
			return err
		}
	}
}

// connect returns a link that is up, as far as we know.
func (t *nodeTarget) connect(ctx context.Context) (*nodeLink, error) {
	t.mu.Lock()
	if l := t.link; l != nil && l.up() {
		t.mu.Unlock()
		return l, nil
	}
	d := t.dial
	if d == nil {
		d = &nodeDial{done: make(chan struct{})}
		if !t.era.spawn(func() { t.open(d) }) {
			t.mu.Unlock()
			return nil, errNodeStopped
		}
		t.dial = d
	}
	t.mu.Unlock()
	select {
	case <-d.done:
		return d.link, d.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// open connects, for whoever waits for d.
func (t *nodeTarget) open(d *nodeDial) {
	nodePause(t.era.ctx, t.retry.pause())
	link, err := t.establish(t.era)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.link, t.dial = link, nil
	d.link, d.err = link, err
	close(d.done)
}

func (t *nodeTarget) establish(e *nodeEra) (*nodeLink, error) {
	ctx, cancel := t.n.limit(e.ctx)
	defer cancel()
	c, err := t.n.pool.dialer.Dial(ctx, t.url)
	switch {
	case err != nil && e.ctx.Err() != nil:
		return nil, errNodeStopped
	case err != nil:
		t.retry.failed()
		return nil, err
	}
	l := newNodeLink(t, c)
	if !e.add(l) {
		c.Abort()
		return nil, errNodeStopped
	}
	return l, nil
}

// drop closes the link of a target that was forgotten.
func (t *nodeTarget) drop() {
	t.mu.Lock()
	l := t.link
	t.mu.Unlock()
	if l != nil {
		l.leave(conn.CodeNormal, errNodeIdle)
	}
}
