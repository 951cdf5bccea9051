package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/godwit-ws/godwit/app"
)

// presence is who is in which topic on this node, and which other nodes there are.
type presence struct {
	wake   chan struct{} // something is to be written
	remade chan struct{} // the buckets are new

	mu      sync.Mutex         // guards the fields below
	leases  jetstream.KeyValue // node: anything, for Config.Lease
	members jetstream.KeyValue // node.topic.connection: memberInfo; node.NODE: a node that may have some
	stream  jetstream.Stream   // below members
	here    map[string]memberInfo
	dirty   map[string]bool // keys that members has otherwise than here; true: others are to be told
	nodes   map[string]time.Time
	beaten  time.Time            // when the lease was renewed last
	dead    map[string]time.Time // nodes whose members are to be removed, and since when
}

// memberInfo is a member as it lies at NATS.
type memberInfo struct {
	Info  json.RawMessage `json:"info,omitempty"`
	Since time.Time       `json:"since"`
}

// presenceEvent is what is said when somebody comes or goes.
type presenceEvent struct {
	Node string `json:"node"`
	ID   string `json:"id"`
	memberInfo
	Left bool `json:"left,omitempty"`
}

// purgeAfter is how many leases a dead node's members stay at NATS, so that every
// other node has time to see who they were.
const purgeAfter = 3

// beats is how often a lease is renewed before it could end.
const beats = 3

// electionLimit is how long New waits for the servers of NATS to find each other.
const electionLimit = time.Minute

// startPresence makes what presence needs at NATS, and begins to renew the lease.
func (c *Cluster) startPresence() error {
	ctx, cancel := context.WithTimeout(c.ctx, electionLimit)
	defer cancel()
	p := &c.presence
	p.here, p.dirty = make(map[string]memberInfo), make(map[string]bool)
	p.nodes, p.dead = make(map[string]time.Time), make(map[string]time.Time)
	p.here[markPrefix+c.node] = memberInfo{Since: time.Now()}
	p.wake, p.remade = make(chan struct{}, 1), make(chan struct{}, 1)
	for {
		attempt, stop := context.WithTimeout(ctx, attemptTimeout)
		err := c.makeBuckets(attempt) // without a leader JetStream doesn't answer at all
		stop()
		if err == nil {
			break
		}
		if !pause(ctx, reconnectWait) { // servers of NATS that have just started need a while
			return fmt.Errorf("cluster: presence: %w", unavailable(err))
		}
	}
	c.findOrphans(ctx)
	c.running.Go(c.watchNodes)
	c.running.Go(c.writeMembers)
	return nil
}

// makeBuckets makes what keeps leases and members, if it isn't there: it is in the
// memory of NATS and goes with that.
func (c *Cluster) makeBuckets(ctx context.Context) error {
	common := jetstream.KeyValueConfig{Storage: jetstream.MemoryStorage, Replicas: c.cfg.Replicas}
	leases, members := common, common
	leases.Bucket, leases.TTL = c.cfg.Name+"-nodes", c.cfg.Lease
	members.Bucket = c.cfg.Name + "-members"
	kept, err := c.js.CreateOrUpdateKeyValue(ctx, leases)
	if err != nil {
		return err
	}
	if _, err := kept.Put(ctx, c.node, nil); err != nil {
		return err
	}
	all, err := c.js.CreateOrUpdateKeyValue(ctx, members)
	if err != nil {
		return err
	}
	stream, err := c.js.Stream(ctx, "KV_"+members.Bucket)
	if err != nil {
		return err
	}
	p := &c.presence
	p.mu.Lock()
	p.leases, p.members, p.stream = kept, all, stream
	p.mu.Unlock()
	p.renewAll()
	p.watchAnew()
	return nil
}

// watchAnew has the leases watched anew: the watch may have gone with what it watched.
func (p *presence) watchAnew() {
	select {
	case p.remade <- struct{}{}:
	default:
	}
}

// buckets returns what keeps leases and members.
func (p *presence) buckets() (leases, members jetstream.KeyValue, stream jetstream.Stream) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.leases, p.members, p.stream
}

// Joined implements app.Roster.
func (c *Cluster) Joined(topic string, m app.Member) app.Member {
	info := memberInfo{Since: m.Since}
	if m.Info != nil {
		info.Info, _ = json.Marshal(m.Info) // what can't be encoded isn't seen elsewhere
	}
	c.presence.set(c.memberKey(topic, m.ID), &info)
	c.tell(topic, presenceEvent{Node: c.node, ID: m.ID, memberInfo: info})
	m.Node = c.node
	return m
}

// Left implements app.Roster.
func (c *Cluster) Left(topic string, m app.Member) app.Member {
	c.presence.set(c.memberKey(topic, m.ID), nil)
	e := presenceEvent{Node: c.node, ID: m.ID, memberInfo: memberInfo{Since: m.Since}, Left: true}
	if m.Info != nil {
		e.Info, _ = json.Marshal(m.Info)
	}
	c.tell(topic, e)
	m.Node = c.node
	return m
}

func (c *Cluster) memberKey(topic, id string) string { return c.node + "." + token(topic) + "." + id }

// set notes a member of this node, nil for one that is gone, for writeMembers.
func (p *presence) set(key string, info *memberInfo) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if info == nil {
		delete(p.here, key)
	} else {
		p.here[key] = *info
	}
	if _, noted := p.dirty[key]; !noted {
		p.dirty[key] = false
	}
	p.stir()
}

// stir wakes writeMembers.
func (p *presence) stir() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// renewAll has everything written anew: it may have been lost, or removed because this
// node seemed dead.
func (p *presence) renewAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	for key := range p.here {
		p.dirty[key] = true
	}
	for node := range p.nodes {
		p.nodes[node] = now // who was silent couldn't be heard
	}
	p.stir()
}

// tell tells nodes with members of the topic. If NATS is gone they learn it later.
func (c *Cluster) tell(topic string, e presenceEvent) {
	text, _ := json.Marshal(e)
	c.nc.Publish(c.subjects.presence(topic), text)
}

// decodePresence reads what tell has sent.
func (c *Cluster) decodePresence(topic string, m *nats.Msg) (app.PresenceEvent, bool) {
	var e presenceEvent
	if err := json.Unmarshal(m.Data, &e); err != nil || e.Node == c.node {
		return app.PresenceEvent{}, false
	}
	return app.PresenceEvent{Topic: topic, Member: e.member(e.Node, e.ID), Left: e.Left}, true
}

func (i memberInfo) member(node, id string) app.Member {
	m := app.Member{ID: id, Node: node, Since: i.Since}
	if len(i.Info) > 0 {
		m.Info = i.Info
	}
	return m
}

// writeMembers keeps the lease, and the members at NATS as they are here.
func (c *Cluster) writeMembers() {
	ticker := time.NewTicker(c.cfg.Lease / beats)
	defer ticker.Stop()
	for {
		select {
		case <-c.presence.wake:
		case <-ticker.C:
			c.beat()
		case <-c.ctx.Done():
			return
		}
		if c.nc.IsConnected() {
			c.flushMembers()
		}
	}
}

// beat renews this node's lease, and looks for nodes that have let theirs go.
func (c *Cluster) beat() {
	if !c.nc.IsConnected() {
		return
	}
	ctx, cancel := context.WithTimeout(c.ctx, c.cfg.Lease/beats)
	defer cancel()
	leases, _, _ := c.presence.buckets()
	_, err := leases.Put(ctx, c.node, nil)
	if err != nil {
		again, cancel := context.WithTimeout(c.ctx, apiTimeout)
		defer cancel()
		err = c.makeBuckets(again)
	}
	if err != nil {
		if c.ctx.Err() == nil {
			c.log.Warn("this node's lease can't be renewed", "error", err)
		}
		return // and then nobody else's counts as over
	}
	if c.presence.wasSilent(c.cfg.Lease) {
		c.presence.renewAll()
	}
	for _, node := range c.presence.silent(c.cfg.Lease) {
		c.bury(node)
	}
	for _, node := range c.presence.toPurge(purgeAfter * c.cfg.Lease) {
		if err := c.purgeDead(node); err != nil {
			c.presence.died(node) // for another time
			c.log.Warn("the members of a dead node can't be removed yet", "node", node, "error", err)
		}
	}
}

// Members implements app.Roster.
func (c *Cluster) Members(ctx context.Context, topic string) ([]app.Member, error) {
	all, err := c.list(ctx, "*."+token(topic)+".*")
	if err != nil {
		return nil, err
	}
	members := make([]app.Member, 0, len(all))
	for _, m := range all {
		if m.Node == c.node || c.presence.lives(m.Node) {
			members = append(members, m.Member)
		}
	}
	return members, nil
}

// listed is a member with its topic.
type listed struct {
	app.Member
	topic string
}

// list reads the members whose keys match.
func (c *Cluster) list(ctx context.Context, keys string) ([]listed, error) {
	_, bucket, _ := c.presence.buckets()
	watch, err := bucket.Watch(ctx, keys, jetstream.IgnoreDeletes())
	if err != nil {
		return nil, fmt.Errorf("cluster: members: %w", unavailable(err))
	}
	defer watch.Stop()
	var all []listed
	for {
		select {
		case entry, ok := <-watch.Updates():
			if !ok || entry == nil { // all have been read
				return all, nil
			}
			parts := strings.Split(entry.Key(), ".")
			topic, isTopic := untoken(parts[len(parts)/2])
			var info memberInfo
			if len(parts) == 3 && isTopic && json.Unmarshal(entry.Value(), &info) == nil {
				all = append(all, listed{info.member(parts[0], parts[2]), topic})
			}
		case <-ctx.Done():
			return nil, fmt.Errorf("cluster: members: %w", unavailable(ctx.Err()))
		}
	}
}

// farewell removes this node and its members.
func (c *Cluster) farewell() {
	leases, _, _ := c.presence.buckets()
	if leases == nil || !c.nc.IsConnected() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), apiTimeout)
	defer cancel()
	leases.Delete(ctx, c.node)
	err := c.purge(c.node + ".>")
	if err == nil {
		err = c.purge(markPrefix + c.node)
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		c.log.Warn("this node's members can't be removed; they go with its lease", "error", err)
	}
}
