package app

import (
	"slices"
	"sync"
	"sync/atomic"
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
	name   string
	topics *topics
	slow   SlowConsumer
	link   *link // to the Broker; nil without

	publishing sync.Mutex // held while a message goes out, so that all get the same order; guards position and every membership
	position   Position   // of what was delivered last

	watchers atomic.Int32          // members that are told who comes and goes
	members  map[*Conn]*membership // nil for plain members
	list     []seat                // members, for publishing; nil when they have changed. Never written to.
}

// seat is a member of a topic.
type seat struct {
	*Conn
	as *membership // nil for a plain member
}

// Join makes the connection a member of a topic: what is published there from now on
// is sent to it. Joining again does nothing. The membership ends with the
// connection.
//
// Errors: Config.Authorize's; ErrTopicName, ErrTooManyTopics; ErrClosed; the Broker's.
func (c *Conn) Join(name string) error {
	grant, err := c.authorize(JoinTopic, name)
	if err != nil {
		return err
	}
	if _, err := c.request.server.topics.join(c, name, nil); err != nil {
		return err
	}
	c.holdTo(grant, name)
	return nil
}

// holdTo has the connection asked again when its grant to be in a topic ends.
func (c *Conn) holdTo(grant Grant, name string) {
	if !grant.Until.IsZero() {
		c.expire(expiry{at: grant.Until, recheck: c.reauthorize(name), topic: name})
	}
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
	c.mu.Lock()
	defer c.mu.Unlock()
	for t := range c.seldom.joined {
		if t.name == name {
			return true
		}
	}
	return false
}

// Topics returns the names of the topics that the connection is in, sorted.
func (c *Conn) Topics() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	names := make([]string, 0, len(c.seldom.joined))
	for t := range c.seldom.joined {
		names = append(names, t.name)
	}
	slices.Sort(names)
	return names
}

// join adds a member, and makes the topic if it is the first. It returns the topic,
// whose link to the Broker is up, or nil if the connection was a member already.
func (ts *topics) join(c *Conn, name string, as *membership) (*topic, error) {
	if err := checkTopicName(name); err != nil {
		return nil, err
	}
	t, first, err := ts.add(c, name, as)
	if t == nil {
		return nil, err
	}
	if t.link != nil {
		if first {
			t.link.open(t)
		}
		if err := t.link.wait(); err != nil {
			ts.abandon(c, t, as)
			return nil, err
		}
	}
	c.announce(t)
	return t, nil
}

// checkTopicName returns ErrTopicName unless a topic may be called that.
func checkTopicName(name string) error {
	if name == "" || len(name) > MaxTopicName || !utf8.ValidString(name) {
		return ErrTopicName
	}
	return nil
}

// add adds a member, and reports whether the topic was made for it. The topic is nil
// if the connection was a member already.
func (ts *topics) add(c *Conn, name string, as *membership) (t *topic, first bool, err error) {
	s := c.request.server
	ts.mu.Lock()
	defer ts.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	t = ts.byName[name]
	if _, already := c.seldom.joined[t]; already {
		return nil, false, nil
	}
	switch limit := s.cfg.MaxTopics; {
	case c.seldom.end != nil:
		return nil, false, ErrClosed // leaveAll has been, or is about to be
	case limit > 0 && len(c.seldom.joined) >= limit:
		return nil, false, ErrTooManyTopics
	}
	if first = t == nil; first {
		t = s.newTopic(name)
		if ts.byName == nil {
			ts.byName = make(map[string]*topic)
		}
		ts.byName[name] = t
	}
	own := c.own()
	if own.joined == nil {
		own.joined = make(map[*topic]struct{})
	}
	own.joined[t] = struct{}{}
	t.members[c] = as
	if as != nil && as.presence {
		t.watchers.Add(1)
	}
	t.list = nil
	return t, first, nil
}

func (s *Server) newTopic(name string) *topic {
	t := &topic{topics: &s.topics, name: name, slow: s.slowConsumer(name), members: make(map[*Conn]*membership)}
	if s.broker != nil {
		t.link = newLink(s.broker)
	}
	return t
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
	t := ts.byName[name]
	ts.removeIf(c, t, func() bool { return true })
}

// abandon removes a member that couldn't join as it wanted to, unless it has left
// meanwhile: as what it may be by now it stays.
func (ts *topics) abandon(c *Conn, t *topic, as *membership) {
	ts.mu.Lock()
	ts.removeIf(c, t, func() bool { return t.members[c] == as })
}

// removeIf removes a member of a topic, which may be nil, if match holds. ts.mu is held,
// and released.
func (ts *topics) removeIf(c *Conn, t *topic, match func() bool) {
	c.mu.Lock()
	_, is := c.seldom.joined[t]
	is = is && match()
	last := is && ts.remove(c, t)
	c.mu.Unlock()
	ts.mu.Unlock()
	if is {
		c.gone(t, last)
	}
}

// has reports whether a connection is a member as it was when it joined.
func (t *topic) has(c *Conn, as *membership) bool {
	t.topics.mu.RLock()
	defer t.topics.mu.RUnlock()
	now, is := t.members[c]
	return is && now == as
}

// leaveAll removes a connection that has ended from all topics.
func (ts *topics) leaveAll(c *Conn) {
	type farewell struct {
		*topic
		last bool
	}
	var all []farewell
	ts.mu.Lock()
	c.mu.Lock()
	for t := range c.seldom.joined {
		if last := ts.remove(c, t); t.link != nil || t.watchers.Load() > 0 {
			all = append(all, farewell{t, last})
		}
	}
	c.mu.Unlock()
	ts.mu.Unlock()
	for _, f := range all {
		c.gone(f.topic, f.last)
	}
}

// remove removes a member, and the topic with its last one, which it reports. ts.mu
// and c.mu are held.
func (ts *topics) remove(c *Conn, t *topic) (last bool) {
	delete(c.seldom.joined, t)
	if as := t.members[c]; as != nil && as.presence {
		t.watchers.Add(-1)
	}
	delete(t.members, c)
	c.seldom.clock.forget(t.name)
	t.list = nil
	if len(t.members) > 0 {
		return false
	}
	delete(ts.byName, t.name)
	return true
}

// gone tells others, with no lock held, that a member has left.
func (c *Conn) gone(t *topic, last bool) {
	c.renounce(t)
	if last && t.link != nil {
		t.link.close()
	}
}

// members returns a topic and its members, not to be changed; nil if there is none
// of that name.
func (ts *topics) members(name string) (*topic, []seat) {
	ts.mu.RLock()
	t := ts.byName[name]
	ts.mu.RUnlock()
	if t == nil {
		return nil, nil
	}
	return t, ts.seats(t)
}

// seats returns the members of a topic, not to be changed.
func (ts *topics) seats(t *topic) []seat {
	ts.mu.RLock()
	list := t.list
	ts.mu.RUnlock()
	if list != nil {
		return list
	}
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if t.list == nil {
		t.list = make([]seat, 0, len(t.members))
		for c, as := range t.members {
			t.list = append(t.list, seat{c, as})
		}
	}
	return t.list
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
	return t.send(&outgoing{topic: name, key: key, message: m}, ts.seats(t), match)
}

// send sends a message to members for whom match holds, and returns how many.
// publishing is held.
func (t *topic) send(o *outgoing, list []seat, match func(*Conn) bool) (reached int) {
	for _, s := range list {
		if !match(s.Conn) {
			continue
		}
		if s.as != nil && s.as.behind && o.isKept() {
			s.as.hold(o.Publication)
			reached++
			continue
		}
		if m := o.to(s.as); m != nil && s.post(m, o.key, t.slow) {
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
