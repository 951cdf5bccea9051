package cluster

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/godwit-ws/godwit/app"
)

// watchNodes follows the leases of all nodes, anew when their bucket is.
func (c *Cluster) watchNodes() {
	for c.ctx.Err() == nil {
		leases, _, _ := c.presence.buckets()
		w, err := leases.WatchAll(c.ctx)
		if err != nil {
			c.log.Warn("other nodes can't be watched", "error", err)
			pause(c.ctx, c.cfg.Lease/beats)
			continue
		}
		c.follow(w)
		w.Stop()
	}
}

// follow follows leases until their bucket is made anew.
func (c *Cluster) follow(w jetstream.KeyWatcher) {
	for {
		select {
		case e, ok := <-w.Updates():
			switch {
			case !ok:
				pause(c.ctx, reconnectWait)
				return
			case e == nil: // those that there were have been read
			case e.Operation() == jetstream.KeyValuePut:
				c.presence.heard(e.Key())
			default:
				c.bury(e.Key())
			}
		case <-c.presence.remade:
			return
		case <-c.ctx.Done():
			return
		}
	}
}

// heard notes that a node lives.
func (p *presence) heard(node string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.nodes[node] = time.Now()
	delete(p.dead, node)
}

// lives reports whether a node has a lease.
func (p *presence) lives(node string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, ok := p.nodes[node]
	return ok
}

// silent returns the nodes that weren't heard for a lease.
func (p *presence) silent(lease time.Duration) (all []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for node, at := range p.nodes {
		if time.Since(at) > lease {
			all = append(all, node)
		}
	}
	return all
}

// wasSilent notes that the lease was renewed, and reports whether it had ended before.
func (p *presence) wasSilent(lease time.Duration) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.beaten
	p.beaten = time.Now()
	return !before.IsZero() && p.beaten.Sub(before) > lease
}

// toPurge returns the nodes that have been dead for that long, once.
func (p *presence) toPurge(after time.Duration) (all []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for node, since := range p.dead {
		if time.Since(since) > after {
			all = append(all, node)
			delete(p.dead, node)
		}
	}
	return all
}

// died notes that a node is dead, and its members are to be removed.
func (p *presence) died(node string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dead[node] = time.Now()
}

// markPrefix is in front of the keys that say which nodes may have members, so that those
// of a node that died while no other was there to see it can be found.
const markPrefix = "node."

// findOrphans takes for dead what has left a mark and has no lease. Whoever lives after
// all is found out by purgeDead.
func (c *Cluster) findOrphans(ctx context.Context) {
	_, members, _ := c.presence.buckets()
	marks, err := members.ListKeysFiltered(ctx, markPrefix+"*")
	if err != nil {
		c.log.Warn("dead nodes can't be looked for", "error", err)
		return
	}
	for key := range marks.Keys() {
		if node := strings.TrimPrefix(key, markPrefix); node != c.node {
			c.presence.died(node)
		}
	}
}

// purgeDead removes the members of a dead node. This node may be wrong about it, having
// been cut off: one that has its lease keeps them. In any case it is told to write what
// it has, and to tell all of it: one that comes back this very moment is heard again.
func (c *Cluster) purgeDead(node string) error {
	ctx, cancel := context.WithTimeout(c.ctx, apiTimeout)
	defer cancel()
	leases, _, _ := c.presence.buckets()
	switch _, err := leases.Get(ctx, node); {
	case err == nil:
		c.presence.heard(node)
	case !errors.Is(err, jetstream.ErrKeyNotFound):
		return err
	default:
		if err := errors.Join(c.purge(node+".>"), c.purge(markPrefix+node)); err != nil {
			return err
		}
	}
	m, err := encodeRequest(c.subjects.node(node), request{Do: "renew"}, nil)
	if err != nil {
		return err
	}
	return c.nc.PublishMsg(m)
}

// bury tells topics on this node that the members on a dead node are gone.
func (c *Cluster) bury(node string) {
	p := &c.presence
	p.mu.Lock()
	_, known := p.nodes[node]
	delete(p.nodes, node)
	if known && node != c.node {
		p.dead[node] = time.Now()
	}
	p.mu.Unlock()
	if !known || node == c.node {
		return
	}
	ctx, cancel := context.WithTimeout(c.ctx, apiTimeout)
	defer cancel()
	gone, err := c.list(ctx, node+".>")
	if err != nil {
		c.log.Warn("the members of a node that is gone can't be read", "node", node, "error", err)
	}
	c.log.Info("a node is gone", "node", node, "members", len(gone))
	for _, m := range gone {
		for _, s := range c.subs.of(m.topic) {
			s.receiver.Notify(app.PresenceEvent{Topic: m.topic, Member: m.Member, Left: true})
		}
	}
}

// Nodes returns the ids of the nodes that live, this one's too, sorted.
func (c *Cluster) Nodes() []string {
	c.presence.mu.Lock()
	defer c.presence.mu.Unlock()
	all := []string{c.node}
	for node := range c.presence.nodes {
		if node != c.node {
			all = append(all, node)
		}
	}
	slices.Sort(all)
	return all
}
