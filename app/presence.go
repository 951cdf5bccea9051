package app

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Member is a member of a topic, as others see it.
type Member struct {
	ID     string         // Conn.ID
	Node   string         // the server, by the name that its Broker gives it; "" without one that has names
	Info   any            // what Conn.SetPresence gave
	Since  time.Time      // of the connection, not the membership
	Client netip.AddrPort `json:"-"` // for the server's own use
}

// PresenceEvent says that somebody came into a topic, or has other presence
// information now, or went.
type PresenceEvent struct {
	Topic  string
	Member Member // as it is now; of one that went, as it was
	Left   bool   // it went; false: it came, or its Info is another one
}

// rosterLimit bounds how long Conn.Members waits for other servers.
const rosterLimit = 5 * time.Second

// presence is what others learn of a connection, and the order in which they do. It is
// made when it is first needed: not all connections have it.
type presence struct {
	telling sync.Mutex // held while others are told that it is in a topic, or isn't any more
	info    any        // the Conn's mu guards it
}

// presenceKey finds a connection's presence among the values.
type presenceKey struct{}

// needPresence returns the presence, made if there is none yet. mu is held.
func (c *Conn) needPresence() *presence {
	p, _ := c.request.values.get(presenceKey{}).(*presence)
	if p == nil {
		p = new(presence)
		c.request.values.set(presenceKey{}, p)
	}
	return p
}

// SetPresence sets what others learn of the connection when they ask who is in a
// topic: a name, or a struct that encodes as JSON. Those who watch a topic that it is
// in are told.
func (c *Conn) SetPresence(info any) {
	c.mu.Lock()
	c.needPresence().info = info
	joined := make([]*topic, 0, len(c.seldom.joined))
	for t := range c.seldom.joined {
		joined = append(joined, t)
	}
	c.mu.Unlock()
	for _, t := range joined {
		c.announce(t)
	}
}

// Presence returns what SetPresence gave, or nil.
func (c *Conn) Presence() any {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p, ok := c.request.values.get(presenceKey{}).(*presence); ok {
		return p.info
	}
	return nil
}

// member returns the connection as others see it.
func (c *Conn) member() Member {
	return Member{ID: c.ID(), Info: c.Presence(), Since: c.ConnectedAt(), Client: c.ClientAddress()}
}

// announce tells others that the connection is in a topic. No lock is held.
func (c *Conn) announce(t *topic) { c.tell(t, true) }

// renounce tells others that the connection has left a topic. No lock is held.
func (c *Conn) renounce(t *topic) { c.tell(t, false) }

// tell tells others that the connection is in a topic, or isn't any more. One that has
// left meanwhile, or come back, is passed over: whoever had it do so tells them, and
// what they hear last is how it is.
func (c *Conn) tell(t *topic, here bool) {
	roster, _ := c.request.server.broker.(Roster)
	if roster == nil && t.watchers.Load() == 0 {
		return
	}
	c.mu.Lock()
	p := c.needPresence()
	c.mu.Unlock()
	p.telling.Lock()
	defer p.telling.Unlock()
	if c.In(t.name) != here {
		return
	}
	m := c.member()
	switch {
	case roster == nil:
	case here:
		m = roster.Joined(t.name, m)
	default:
		m = roster.Left(t.name, m)
	}
	t.Notify(PresenceEvent{Topic: t.name, Member: m, Left: !here})
}

// Members returns who is in a topic on this server, in the order in which they
// connected.
func (s *Server) Members(topic string) []Member {
	_, list := s.topics.members(topic)
	conns := slices.Clone(list)
	slices.SortFunc(conns, func(a, b seat) int { return cmp.Compare(a.id, b.id) })
	members := make([]Member, 0, len(conns))
	for _, c := range conns {
		members = append(members, c.member())
	}
	return members
}

// AllMembers returns who is in a topic on all servers that the Broker connects, this one
// included, if it is a Roster; else Members. Errors: ErrTopicName; the Roster's.
func (s *Server) AllMembers(ctx context.Context, topic string) ([]Member, error) {
	if err := checkTopicName(topic); err != nil {
		return nil, err
	}
	if roster, ok := s.broker.(Roster); ok {
		return roster.Members(ctx, topic)
	}
	return s.Members(topic), nil
}

// Members returns who is in a topic, on all servers, if Config.Authorize lets the
// connection see it. Errors: Config.Authorize's; ErrTopicName; the Broker's.
func (c *Conn) Members(topic string) ([]Member, error) {
	if _, err := c.authorize(SeeTopic, topic); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(c.Context(), rosterLimit)
	defer cancel()
	return c.request.server.AllMembers(ctx, topic)
}
