package app

import (
	"container/list"
	"context"
	"sync"
	"sync/atomic"
)

// MemoryConfig sets up a MemoryBroker. 0 means the default; a negative number no limit.
type MemoryConfig struct {
	// Retain says how much of a topic's history is kept. Nil keeps none.
	Retain func(topic string) Retention
	// MaxBytes bounds the payload of all histories together, and an allowance for each
	// message. 0 means 64 MiB. Past it the histories that were longest without a new
	// message go.
	MaxBytes int64
	// MaxTopics bounds how many topics with history are remembered. 0 means 100,000.
	// Past it those without members go that were longest without a new message.
	MaxTopics int
}

const (
	defaultHistoryBytes  = 64 << 20
	defaultHistoryTopics = 100_000
)

// MemoryBroker is the Broker of one process. A server makes one for Config.Retain;
// several servers of a process may share one. History is lost with the process, or
// when it makes room for others: the topic then begins a new epoch.
type MemoryBroker struct {
	cfg   MemoryConfig
	bytes atomic.Int64 // of all logs

	mu     sync.Mutex // guards the fields below
	byName map[string]*memoryTopic
	recent list.List // of *memoryTopic that keep history; the one published to last is first
}

// memoryTopic is a topic that has subscribers, or history.
type memoryTopic struct {
	name   string
	retain Retention

	place *list.Element // in MemoryBroker.recent; its mu guards it

	mu          sync.Mutex // guards the fields below; held while a message goes out
	subscribers []*memorySubscription
	log         *history // nil where no history is kept
	gone        bool     // forgotten by the broker: ask it again
}

// NewMemoryBroker makes a MemoryBroker.
func NewMemoryBroker(c MemoryConfig) *MemoryBroker {
	if c.MaxBytes == 0 {
		c.MaxBytes = defaultHistoryBytes
	}
	if c.MaxTopics == 0 {
		c.MaxTopics = defaultHistoryTopics
	}
	return &MemoryBroker{cfg: c, byName: make(map[string]*memoryTopic)}
}

// lock returns a topic with its mu held. One that isn't known is made.
func (b *MemoryBroker) lock(name string) *memoryTopic {
	for {
		t := b.topic(name)
		t.mu.Lock()
		if !t.gone {
			return t
		}
		t.mu.Unlock()
	}
}

// topic finds or makes a topic, and notes that it is in use.
func (b *MemoryBroker) topic(name string) *memoryTopic {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.byName[name]
	if t == nil {
		t = &memoryTopic{name: name}
		if b.cfg.Retain != nil {
			t.retain = b.cfg.Retain(name).WithDefaults()
		}
		if t.retain.Keeps() {
			t.log = newHistory(t.retain)
			t.place = b.recent.PushFront(t)
		}
		b.byName[name] = t
	}
	if t.place != nil {
		b.recent.MoveToFront(t.place)
	}
	return t
}

// forget takes a topic out that has neither subscribers nor history. t.mu is held.
func (b *MemoryBroker) forget(t *memoryTopic) {
	t.gone = true
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.byName, t.name)
}

// Publish implements Broker.
func (b *MemoryBroker) Publish(_ context.Context, p *Publication) (Receipt, error) {
	t := b.lock(p.Topic)
	if t.log != nil {
		b.bytes.Add(t.log.append(p))
	}
	r := Receipt{Position: p.Position}
	for _, s := range t.subscribers {
		r.Reached += s.receiver.Deliver(p)
	}
	if t.log == nil && len(t.subscribers) == 0 {
		b.forget(t)
	}
	t.mu.Unlock()
	if t.log != nil {
		b.trim()
	}
	return r, nil
}

// trimSteps is how many topics one publication looks at that has to make room: more
// than it can bring in, so that the limits are reached however many are in use.
const trimSteps = 8

// trim lets the histories go that were longest without a new message, until the rest
// is within the limits. One that is in use this moment is left for another time.
func (b *MemoryBroker) trim() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for range trimSteps {
		if !b.over() {
			return
		}
		t := b.recent.Back().Value.(*memoryTopic)
		b.recent.MoveToFront(t.place)
		if t.mu.TryLock() {
			b.drop(t)
			t.mu.Unlock()
		}
	}
}

// drop lets a topic's history go, and the topic if nobody is in it. Both mu are held.
func (b *MemoryBroker) drop(t *memoryTopic) {
	switch {
	case len(t.subscribers) == 0:
		b.bytes.Add(-t.log.clear())
		t.gone = true
		delete(b.byName, t.name)
		b.recent.Remove(t.place)
	case b.tooManyBytes():
		b.bytes.Add(-t.log.clear())
	}
}

// over reports whether more is remembered than may be. mu is held.
func (b *MemoryBroker) over() bool {
	return b.recent.Len() > 0 && (b.tooManyBytes() || b.cfg.MaxTopics > 0 && b.recent.Len() > b.cfg.MaxTopics)
}

func (b *MemoryBroker) tooManyBytes() bool {
	return b.cfg.MaxBytes > 0 && b.bytes.Load() > b.cfg.MaxBytes
}

// History implements Broker.
func (b *MemoryBroker) History(_ context.Context, topic string, after Position, limit int) (Replay, error) {
	t := b.lock(topic)
	defer t.mu.Unlock()
	if t.log == nil {
		if len(t.subscribers) == 0 {
			b.forget(t)
		}
		return Replay{Gap: true}, nil
	}
	b.bytes.Add(t.log.expire())
	return t.log.after(after, limit), nil
}

// Subscribe implements Broker.
func (b *MemoryBroker) Subscribe(topic string, r Receiver) (Subscription, error) {
	t := b.lock(topic)
	defer t.mu.Unlock()
	s := &memorySubscription{broker: b, topic: t, receiver: r}
	if t.log != nil {
		s.start = t.log.end()
	}
	t.subscribers = append(t.subscribers, s)
	return s, nil
}

type memorySubscription struct {
	broker   *MemoryBroker
	topic    *memoryTopic
	receiver Receiver
	start    Position
}

// Position implements Subscription.
func (s *memorySubscription) Position() Position { return s.start }

// Close implements Subscription.
func (s *memorySubscription) Close() {
	t := s.topic
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, other := range t.subscribers {
		if other == s {
			t.subscribers = append(t.subscribers[:i], t.subscribers[i+1:]...)
			break
		}
	}
	if len(t.subscribers) == 0 && t.log == nil && !t.gone {
		s.broker.forget(t)
	}
}
