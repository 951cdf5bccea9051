package cluster

import (
	"context"
	"fmt"
	"sync"

	"github.com/nats-io/nats.go"

	"github.com/godwit-ws/godwit/app"
)

// subscription is this node's interest in a topic that has members here.
type subscription struct {
	c        *Cluster
	topic    string
	receiver app.Receiver
	stream   *stream // nil without history
	nats     *nats.Subscription
	start    app.Position

	mu      sync.Mutex // guards the fields below, and is held while a message goes out
	at      app.Position
	ready   bool        // at is known
	early   []*nats.Msg // came before
	suspect bool        // messages may have been lost on the way
	closed  bool
}

// maxEarly is how many messages may come before a subscription knows where it stands.
// What is beyond is read from the stream.
const maxEarly = 1024

// subscriptions finds them by topic and by their subscription at NATS.
type subscriptions struct {
	mu      sync.RWMutex
	byTopic map[string]map[*subscription]struct{} // several for a moment, when the last member leaves and another comes; or of several servers
	byNATS  map[*nats.Subscription]*subscription
}

func (ss *subscriptions) init() {
	ss.byTopic = make(map[string]map[*subscription]struct{})
	ss.byNATS = make(map[*nats.Subscription]*subscription)
}

func (ss *subscriptions) add(s *subscription) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if ss.byTopic[s.topic] == nil {
		ss.byTopic[s.topic] = make(map[*subscription]struct{})
	}
	ss.byTopic[s.topic][s] = struct{}{}
	ss.byNATS[s.nats] = s
}

func (ss *subscriptions) remove(s *subscription) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	delete(ss.byNATS, s.nats)
	delete(ss.byTopic[s.topic], s)
	if len(ss.byTopic[s.topic]) == 0 {
		delete(ss.byTopic, s.topic)
	}
}

func (ss *subscriptions) find(n *nats.Subscription) *subscription {
	ss.mu.RLock()
	defer ss.mu.RUnlock()
	return ss.byNATS[n]
}

// of returns those of a topic.
func (ss *subscriptions) of(topic string) (all []*subscription) {
	ss.mu.RLock()
	defer ss.mu.RUnlock()
	for s := range ss.byTopic[topic] {
		all = append(all, s)
	}
	return all
}

// kept returns those with history.
func (ss *subscriptions) kept() (all []*subscription) {
	ss.mu.RLock()
	defer ss.mu.RUnlock()
	for _, s := range ss.byNATS {
		if s.stream != nil {
			all = append(all, s)
		}
	}
	return all
}

// suspect notes that NATS has dropped messages.
func (ss *subscriptions) suspect(n *nats.Subscription) {
	if s := ss.find(n); s != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.suspect = true
	}
}

func (ss *subscriptions) suspectAll() {
	for _, s := range ss.kept() {
		s.mu.Lock()
		s.suspect = true
		s.mu.Unlock()
	}
}

// deliverHere hands a message without history to this node's members.
func (ss *subscriptions) deliverHere(p *app.Publication) (reached int) {
	for _, s := range ss.of(p.Topic) {
		s.mu.Lock()
		if !s.closed {
			reached += s.receiver.Deliver(p)
		}
		s.mu.Unlock()
	}
	return reached
}

// Subscribe implements app.Broker. Without history it succeeds while NATS is gone:
// members on this node hear each other.
func (c *Cluster) Subscribe(topic string, r app.Receiver) (app.Subscription, error) {
	s := &subscription{c: c, topic: topic, receiver: r, stream: c.stream(topic)}
	n, err := c.nc.ChanSubscribe(c.subjects.topic(topic), c.lane(topic))
	if err != nil {
		return nil, fmt.Errorf("cluster: subscribe: %w", unavailable(err))
	}
	s.nats = n
	c.subs.add(s)
	if err := s.begin(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// begin finds out where the subscription stands.
func (s *subscription) begin() error {
	ctx, cancel := context.WithTimeout(s.c.ctx, apiTimeout)
	defer cancel()
	if s.stream == nil {
		if s.c.nc.IsConnected() {
			s.c.nc.FlushWithContext(ctx) // if it fails NATS is gone, and subscribes when it is back
		}
		s.settle(app.Position{})
		return nil
	}
	if err := s.c.nc.FlushWithContext(ctx); err != nil {
		return fmt.Errorf("cluster: subscribe: %w", unavailable(err))
	}
	info, err := s.c.look(ctx, s.stream)
	if err != nil {
		return err
	}
	s.settle(app.Position{Epoch: epochOf(info), Seq: info.State.LastSeq})
	return nil
}

// settle begins to deliver what is behind a position.
func (s *subscription) settle(at app.Position) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.start, s.at, s.ready = at, at, true
	for _, m := range s.early {
		s.take(m)
	}
	s.early = nil
}

// Position implements app.Subscription.
func (s *subscription) Position() app.Position { return s.start }

// Close implements app.Subscription.
func (s *subscription) Close() {
	s.c.subs.remove(s)
	s.nats.Unsubscribe() // an error means that it is gone already
	// A message that is going out may be what closes the subscription: no lock is waited for.
	if s.mu.TryLock() {
		s.closed = true
		s.mu.Unlock()
	}
}

// handle deals with a message of the topic's subject.
func (s *subscription) handle(m *nats.Msg) {
	if m.Subject[len(m.Subject)-1] == 'p' {
		if e, ok := s.c.decodePresence(s.topic, m); ok {
			s.receiver.Notify(e)
		}
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.ready:
		s.take(m)
	case len(s.early) < maxEarly:
		s.early = append(s.early, m)
	default:
		s.suspect = true
	}
}

// take delivers a message if it is the next; what is missing before it is read from
// the stream. mu is held.
func (s *subscription) take(m *nats.Msg) {
	seq, prev, placed := place(m.Header)
	if s.stream == nil || !placed {
		if p := s.c.decode(s.topic, m.Header, m.Data); p != nil && !placed {
			s.receiver.Deliver(p)
		}
		return
	}
	if seq <= s.at.Seq {
		return
	}
	if prev > s.at.Seq || s.suspect {
		s.refill()
		return
	}
	p := s.c.decode(s.topic, m.Header, m.Data)
	if p == nil {
		return
	}
	p.Position, p.Prev = app.Position{Epoch: s.at.Epoch, Seq: seq}, prev
	s.at.Seq = seq
	s.receiver.Deliver(p)
}

// refill delivers what the stream has behind the last message. If NATS doesn't answer
// it is tried again by checkStreams. mu is held.
func (s *subscription) refill() {
	ctx, cancel := context.WithTimeout(s.c.ctx, apiTimeout)
	defer cancel()
	s.suspect = true
	for {
		r, err := s.c.History(ctx, s.topic, s.at, batch)
		if err != nil {
			return
		}
		if r.Gap {
			s.at = r.End
			if len(r.Publications) > 0 {
				s.at.Seq = r.Publications[0].Prev
			}
			s.receiver.Gap(s.at)
		}
		for _, p := range r.Publications {
			s.receiver.Deliver(p)
		}
		s.at = r.End
		if !r.More {
			s.suspect = false
			return
		}
	}
}
