package app

import (
	"cmp"
	"net/netip"
	"slices"
	"time"
)

// Member is a member of a topic, as others see it.
type Member struct {
	ID     string         // Conn.ID
	Info   any            // what Conn.SetPresence gave
	Since  time.Time      // of the connection, not the membership
	Client netip.AddrPort `json:"-"` // for the server's own use
}

// SetPresence sets what others learn of the connection when they ask who is in a
// topic: a name, or a struct that encodes as JSON.
func (c *Conn) SetPresence(info any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.presence = info
}

// Presence returns what SetPresence gave, or nil.
func (c *Conn) Presence() any {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.presence
}

// Members returns who is in a topic, in the order in which they connected.
func (s *Server) Members(topic string) []Member {
	_, list := s.topics.members(topic)
	conns := slices.Clone(list)
	slices.SortFunc(conns, func(a, b *Conn) int { return cmp.Compare(a.id, b.id) })
	members := make([]Member, 0, len(conns))
	for _, c := range conns {
		members = append(members, Member{ID: c.ID(), Info: c.Presence(), Since: c.ConnectedAt(), Client: c.request.client})
	}
	return members
}

// Members returns who is in a topic, if Config.Authorize lets the connection see it.
func (c *Conn) Members(topic string) ([]Member, error) {
	if _, err := c.authorize(SeeTopic, topic); err != nil {
		return nil, err
	}
	return c.request.server.Members(topic), nil
}
