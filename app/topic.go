package app

import (
	"slices"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/godwit-ws/godwit/conn"
)

// MaxTopicName is the longest name of a topic, in bytes.
const MaxTopicName = 255

// topics are the topics of a server, each for as long as it has members.
type topics struct {
	mu     sync.RWMutex // guards byName, and the members of every topic
	byName map[string]*topic
}

// topic is a set of connections that messages are published to.
type topic struct {
	name string
	slow SlowConsumer

	publishing sync.Mutex // held while a message goes out, so that all get the same order
	members    map[*Conn]struct{}
	list       []*Conn // members, for publishing; nil when they have changed. Never written to.
}

// Join makes the connection a member of a topic: what is published there from now on
// is sent to it. Joining again does nothing. The membership ends with the
// connection.
//
// Errors: Config.Authorize's; ErrTopicName, ErrTooManyTopics; ErrClosed.
func (c *Conn) Join(name string) error {
	grant, err := c.authorize(JoinTopic, name)
	if err != nil {
		return err
	}
	if err := c.request.server.topics.join(c, name); err != nil {
		return err
	}
	if !grant.Until.IsZero() {
		c.expire(expiry{at: grant.Until, recheck: c.reauthorize(name), topic: name})
	}
	return nil
}

// reauthorize returns what asks again when the grant to be in a topic ends.
func (c *Conn) reauthorize(name string) func(*Conn) (time.Time, error) {
	return func(c *Conn) (time.Time, error) {
		if !c.In(name) {
			return time.Time{}, nil
		}
		grant, err := c.authorize(JoinTopic, name)
		return grant.Until, err
	}
}

// Leave ends the connection's membership of a topic.
func (c *Conn) Leave(name string) { c.request.server.topics.leave(c, name) }

// In reports whether the connection is a member of a topic.
func (c *Conn) In(name string) bool {
	return slices.Contains(c.Topics(), name)
}

// Topics returns the names of the topics that the connection is in, sorted.
func (c *Conn) Topics() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	names := make([]string, 0, len(c.joined))
	for t := range c.joined {
		names = append(names, t.name)
	}
	slices.Sort(names)
	return names
}

// join adds a member, and makes the topic if it is the first.
func (ts *topics) join(c *Conn, name string) error {
	if name == "" || len(name) > MaxTopicName || !utf8.ValidString(name) {
		return ErrTopicName
	}
	s := c.request.server
	ts.mu.Lock()
	defer ts.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	t := ts.byName[name]
	if _, already := c.joined[t]; already {
		return nil
	}
	switch limit := s.cfg.MaxTopics; {
	case c.end != nil:
		return ErrClosed // leaveAll has been, or is about to be
	case limit > 0 && len(c.joined) >= limit:
		return ErrTooManyTopics
	}
	if t == nil {
		t = &topic{name: name, slow: s.slowConsumer(name), members: make(map[*Conn]struct{})}
		if ts.byName == nil {
			ts.byName = make(map[string]*topic)
		}
		ts.byName[name] = t
	}
	if c.joined == nil {
		c.joined = make(map[*topic]struct{})
	}
	c.joined[t] = struct{}{}
	t.members[c] = struct{}{}
	t.list = nil
	return nil
}

// slowConsumer is the policy of a new topic.
func (s *Server) slowConsumer(name string) SlowConsumer {
	if s.cfg.TopicPolicy == nil {
		return s.cfg.SlowConsumer
	}
	return s.cfg.TopicPolicy(name).withDefaults()
}

// leave removes a member.
func (ts *topics) leave(c *Conn, name string) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	if t := ts.byName[name]; t != nil {
		ts.remove(c, t)
	}
}

// leaveAll removes a connection that has ended from all topics.
func (ts *topics) leaveAll(c *Conn) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	for t := range c.joined {
		ts.remove(c, t)
	}
}

// remove removes a member, and the topic with its last one. ts.mu and c.mu are held.
func (ts *topics) remove(c *Conn, t *topic) {
	delete(c.joined, t)
	delete(t.members, c)
	c.clock.forget(t.name)
	t.list = nil
	if len(t.members) == 0 && ts.byName[t.name] == t {
		delete(ts.byName, t.name)
	}
}

// members returns a topic and its members, not to be changed; nil if there is none
// of that name.
func (ts *topics) members(name string) (*topic, []*Conn) {
	ts.mu.RLock()
	t := ts.byName[name]
	if t == nil || t.list != nil {
		defer ts.mu.RUnlock()
		if t == nil {
			return nil, nil
		}
		return t, t.list
	}
	ts.mu.RUnlock()
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if t.list == nil {
		list := make([]*Conn, 0, len(t.members))
		for c := range t.members {
			list = append(list, c)
		}
		t.list = list
	}
	return t, t.list
}

// publish sends a message to the members of a topic for whom match holds, and
// returns how many.
func (ts *topics) publish(name string, m *conn.Prepared, key string, match func(*Conn) bool) int {
	t, _ := ts.members(name)
	if t == nil {
		return 0
	}
	t.publishing.Lock()
	defer t.publishing.Unlock()
	_, list := ts.members(name) // as it is now that it is our turn
	reached := 0
	for _, c := range list {
		if match(c) && c.post(m, key, t.slow) {
			reached++
		}
	}
	return reached
}

func (ts *topics) len() int {
	ts.mu.RLock()
	defer ts.mu.RUnlock()
	return len(ts.byName)
}

// TopicInfo describes a topic.
type TopicInfo struct {
	Name    string
	Members int // at least 1
}

// Topics lists the topics that have members, sorted by name.
func (s *Server) Topics() []TopicInfo {
	s.topics.mu.RLock()
	infos := make([]TopicInfo, 0, len(s.topics.byName))
	for name, t := range s.topics.byName {
		infos = append(infos, TopicInfo{Name: name, Members: len(t.members)})
	}
	s.topics.mu.RUnlock()
	slices.SortFunc(infos, func(a, b TopicInfo) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return infos
}
