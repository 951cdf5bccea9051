package app

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
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

// SetPresence sets what others learn of the connection when they ask who is in a
// topic: a name, or a struct that encodes as JSON. Those who watch a topic that it is
// in are told.
func (c *Conn) SetPresence(info any) {
	c.mu.Lock()
	c.request.values.set(presenceKey{}, info)
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
	return c.request.values.get(presenceKey{})
}

// presenceKey finds what SetPresence gave among the values: not all have it.
type presenceKey struct{}

// member returns the connection as others see it.
func (c *Conn) member() Member {
	return Member{ID: c.ID(), Info: c.Presence(), Since: c.ConnectedAt(), Client: c.ClientAddress()}
}

// announce tells others that the connection is in a topic. No lock is held.
func (c *Conn) announce(t *topic) {
	roster, _ := c.request.server.broker.(Roster)
	if roster == nil && t.watchers.Load() == 0 {
		return
	}
	t.roll.Lock()
	defer t.roll.Unlock()
	if !t.has(c) {
		return // it has left meanwhile: whoever hears of it now would never hear of its end
	}
	m := c.member()
	if roster != nil {
		m = roster.Joined(t.name, m)
	}
	t.Notify(PresenceEvent{Topic: t.name, Member: m})
}

// has reports whether a connection is a member.
func (t *topic) has(c *Conn) bool {
	t.topics.mu.RLock()
	defer t.topics.mu.RUnlock()
	_, is := t.members[c]
	return is
}

// renounce tells others that the connection has left a topic. No lock is held.
func (c *Conn) renounce(t *topic) {
	roster, _ := c.request.server.broker.(Roster)
	if roster == nil && t.watchers.Load() == 0 {
		return
	}
	t.roll.Lock()
	defer t.roll.Unlock()
	m := c.member()
	if roster != nil {
		m = roster.Left(t.name, m)
	}
	t.Notify(PresenceEvent{Topic: t.name, Member: m, Left: true})
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
