package cluster

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// membersAtOnce is how many members are on their way to NATS at once: after a break
// thousands come back together.
const membersAtOnce = 256

// change is a member that is to be written, or removed.
type change struct {
	key   string
	info  memberInfo
	is    bool // it is here
	again bool // others are to be told
	err   error
	ack   jetstream.PubAckFuture
}

// flushMembers writes what has changed. What fails is for the next beat.
func (c *Cluster) flushMembers() {
	for c.ctx.Err() == nil {
		changes := c.presence.changes()
		if len(changes) == 0 || !c.write(changes) {
			return
		}
	}
}

// changes returns some of what NATS has otherwise.
func (p *presence) changes() (all []change) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for key, again := range p.dirty {
		if len(all) == membersAtOnce {
			break
		}
		info, is := p.here[key]
		all = append(all, change{key: key, info: info, is: is, again: again})
		delete(p.dirty, key)
	}
	return all
}

// write writes changes, and reports whether all of them were.
func (c *Cluster) write(changes []change) bool {
	for i := range changes {
		ch := &changes[i]
		if !ch.is {
			ch.err = c.purge(ch.key)
			continue
		}
		text, err := json.Marshal(ch.info)
		if err == nil {
			ch.ack, err = c.js.PublishAsync(c.membersSubject(ch.key), text)
		}
		ch.err = err
	}
	ctx, cancel := context.WithTimeout(c.ctx, apiTimeout)
	defer cancel()
	whole := true
	for i := range changes {
		ch := &changes[i]
		if ch.err == nil && ch.ack != nil {
			select {
			case <-ch.ack.Ok():
			case ch.err = <-ch.ack.Err():
			case <-ctx.Done():
				ch.err = ctx.Err()
			}
		}
		if ch.err != nil {
			whole = false
			c.presence.missed(ch)
		} else if ch.again && ch.is {
			c.tellAgain(ch.key, ch.info)
		}
	}
	return whole
}

// missed notes a change that NATS doesn't have.
func (p *presence) missed(ch *change) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dirty[ch.key] = p.dirty[ch.key] || ch.again
}

func (c *Cluster) membersSubject(keys string) string {
	return "$KV." + c.cfg.Name + "-members." + keys
}

// tellAgain tells others that a member is here whom they may have taken for gone.
func (c *Cluster) tellAgain(key string, info memberInfo) {
	parts := strings.Split(key, ".")
	if len(parts) != 3 {
		return // this node's mark
	}
	if topic, ok := untoken(parts[1]); ok {
		c.tell(topic, presenceEvent{Node: c.node, ID: parts[2], memberInfo: info})
	}
}

// purge removes members, leaving nothing behind.
func (c *Cluster) purge(keys string) error {
	ctx, cancel := context.WithTimeout(context.Background(), apiTimeout)
	defer cancel()
	_, _, stream := c.presence.buckets()
	return stream.Purge(ctx, jetstream.WithPurgeSubject(c.membersSubject(keys)))
}
