package cluster

import (
	"context"
	"fmt"
	"hash/fnv"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/godwit-ws/godwit/app"
)

// stream is a JetStream stream that keeps the history of the topics of one Retention
// and shard.
type stream struct {
	name   string // of the stream, the application's in front
	label  string // its token in subjects
	retain app.Retention
	config jetstream.StreamConfig

	mu    sync.Mutex // guards the fields below
	made  jetstream.Stream
	epoch string
	last  uint64 // when it was looked at
}

// streams are those that this node has had to do with.
type streams struct {
	mu      sync.Mutex
	byLabel map[string]*stream
}

// perSubject is by how many messages a stream keeps more of a topic than it promises:
// with one more, whether something is missing can be told exactly.
const perSubject = 1

// stream returns the stream of a topic, nil if nothing is kept.
func (c *Cluster) stream(topic string) *stream {
	retain := c.cfg.Retain(topic)
	if !retain.Keeps() {
		return nil
	}
	sized := retain.MaxBytes > 0
	retain = retain.WithDefaults()
	hash := fnv.New32a()
	hash.Write([]byte(topic))
	label := policyLabel(retain, sized) + "-" + strconv.Itoa(int(hash.Sum32()%uint32(c.cfg.Shards)))
	c.streams.mu.Lock()
	defer c.streams.mu.Unlock()
	s := c.streams.byLabel[label]
	if s == nil {
		s = &stream{name: c.cfg.Name + "-" + label, label: label, retain: retain}
		s.config = c.streamConfig(s, sized)
		c.streams.byLabel[label] = s
	}
	return s
}

// policyLabel names a Retention: n, t and b with the limits that there are.
func policyLabel(r app.Retention, sized bool) string {
	label := ""
	if r.MaxMessages > 0 {
		label += "n" + strconv.Itoa(r.MaxMessages)
	}
	if r.MaxAge > 0 {
		label += "t" + strconv.FormatInt(int64(r.MaxAge/time.Millisecond), 10)
	}
	if sized {
		label += "b" + strconv.FormatInt(r.MaxBytes, 10)
	}
	if label == "" {
		return "all"
	}
	return label
}

func (c *Cluster) streamConfig(s *stream, sized bool) jetstream.StreamConfig {
	source := c.subjects.kept(s.label, "")
	config := jetstream.StreamConfig{
		Name: s.name, Subjects: []string{source + "*"},
		Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardNew,
		MaxBytes: c.cfg.MaxStreamBytes, MaxAge: max(0, s.retain.MaxAge), MaxMsgsPerSubject: -1,
		Duplicates: c.cfg.Deduplicate, Replicas: c.cfg.Replicas, AllowDirect: true, DenyDelete: true,
		RePublish: &jetstream.RePublish{Source: source + "*", Destination: string(c.subjects) + ".t.{{wildcard(1)}}.m"},
	}
	if s.retain.MaxMessages > 0 {
		config.MaxMsgsPerSubject = int64(s.retain.MaxMessages) + perSubject
	}
	if sized {
		config.MaxBytes, config.Discard = s.retain.MaxBytes, jetstream.DiscardOld
	}
	if s.retain.MaxAge > 0 {
		config.Duplicates = min(config.Duplicates, s.retain.MaxAge) // NATS wants it so
	}
	if c.cfg.InMemory {
		config.Storage = jetstream.MemoryStorage
	}
	return config
}

// ensure makes the stream, if it isn't known to be there.
func (c *Cluster) ensure(ctx context.Context, s *stream) (jetstream.Stream, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.made != nil {
		return s.made, nil
	}
	made, err := c.js.CreateOrUpdateStream(ctx, s.config)
	if err != nil {
		return nil, fmt.Errorf("cluster: stream %s: %w", s.name, unavailable(err))
	}
	s.made, s.epoch = made, epochOf(made.CachedInfo())
	return made, nil
}

// forget has the stream made anew when it is needed: it is gone.
func (s *stream) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made = nil
}

// epochOf names a stream's life: one that was made anew has another.
func epochOf(info *jetstream.StreamInfo) string {
	return strconv.FormatInt(info.Created.UnixNano(), 36)
}

// look asks the stream's leader how it is.
func (c *Cluster) look(ctx context.Context, s *stream) (*jetstream.StreamInfo, error) {
	made, err := c.ensure(ctx, s)
	if err != nil {
		return nil, err
	}
	info, err := made.Info(ctx)
	if err != nil {
		if isGone(err) {
			s.forget()
		}
		return nil, fmt.Errorf("cluster: stream %s: %w", s.name, unavailable(err))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.epoch = epochOf(info)
	return info, nil
}
