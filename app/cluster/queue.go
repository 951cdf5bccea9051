package cluster

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/godwit-ws/godwit/store"
)

var _ store.Store = (*Queue)(nil)

// QueueConfig sets up a Queue. 0 means the default; a negative number no limit.
type QueueConfig struct {
	// Name is the queue's, the same on all nodes that share it: as Config.Name. ""
	// means "queue".
	Name string
	// MaxMessages, MaxBytes and MaxMessageSize are as in store.Config: 0 means 1,048,576
	// messages, 1 GiB and 1 MiB. Past them Append returns store.ErrFull or
	// store.ErrTooLarge.
	MaxMessages    int
	MaxBytes       int64
	MaxMessageSize int
	// Timeout is how long a message stays lent out after its process has died, or has
	// lost NATS. 0 means 30 s.
	Timeout time.Duration
	// MaxDeliveries is how often a message is lent out before it goes to the dead
	// letters, a stream whose name is the queue's with "-dead" behind. 0 means no limit.
	MaxDeliveries int
}

const (
	defaultQueueMessages    = 1 << 20
	defaultQueueBytes       = 1 << 30
	defaultQueueMessageSize = 1 << 20
	defaultQueueTimeout     = 30 * time.Second

	nextWait = 5 * time.Second // one request for a message
)

func (q QueueConfig) withDefaults() QueueConfig {
	if q.Name == "" {
		q.Name = "queue"
	}
	if q.MaxMessages == 0 {
		q.MaxMessages = defaultQueueMessages
	}
	if q.MaxBytes == 0 {
		q.MaxBytes = defaultQueueBytes
	}
	if q.MaxMessageSize == 0 {
		q.MaxMessageSize = defaultQueueMessageSize
	}
	if q.MaxMessageSize < 0 {
		q.MaxMessageSize = maxPayload
	}
	if q.Timeout <= 0 {
		q.Timeout = defaultQueueTimeout
	}
	return q
}

// Queue is a store.Store that nodes share: a FIFO on a JetStream work-queue stream. A
// message goes to one taker on one node. It is lent out for as long as its process
// lives and has NATS; then it goes to another. One that is returned comes before those
// that were never lent out, but takers that overlap may see messages of before and
// after it. A message may be delivered more than once, and never is lost once Append
// has returned; what that survives, the package's doc says.
type Queue struct {
	c        *Cluster
	cfg      QueueConfig
	subject  string
	dead     string
	stream   jetstream.Stream
	consumer jetstream.Consumer

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	ended  sync.WaitGroup

	mu    sync.Mutex // guards loans
	loans map[loan]jetstream.Msg
	loan  atomic.Uint32
}

// loan says which loan of which message.
type loan struct {
	seq uint64
	n   uint32
}

// OpenQueue opens a queue, and makes it if nobody has.
func (c *Cluster) OpenQueue(ctx context.Context, cfg QueueConfig) (*Queue, error) {
	cfg = cfg.withDefaults()
	if !validName.MatchString(cfg.Name) {
		return nil, fmt.Errorf("%w: QueueConfig.Name must be 1 to 32 letters, digits, hyphens and underscores", ErrConfig)
	}
	name := c.cfg.Name + "-queue-" + cfg.Name
	q := &Queue{c: c, cfg: cfg, subject: string(c.subjects) + ".q." + cfg.Name, dead: string(c.subjects) + ".dead." + cfg.Name, loans: make(map[loan]jetstream.Msg)}
	common := jetstream.StreamConfig{Replicas: c.cfg.Replicas, AllowDirect: true, Duplicates: c.cfg.Deduplicate}
	if c.cfg.InMemory {
		common.Storage = jetstream.MemoryStorage
	}
	work, dead := common, common
	work.Name, work.Subjects, work.Retention = name, []string{q.subject}, jetstream.WorkQueuePolicy
	work.Discard, work.MaxMsgs, work.MaxBytes = jetstream.DiscardNew, int64(cfg.MaxMessages), cfg.MaxBytes
	dead.Name, dead.Subjects, dead.MaxBytes = name+"-dead", []string{q.dead}, cfg.MaxBytes
	var err error
	if q.stream, err = c.js.CreateOrUpdateStream(ctx, work); err == nil {
		_, err = c.js.CreateOrUpdateStream(ctx, dead)
	}
	if err == nil {
		q.consumer, err = q.stream.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{
			Durable: "takers", AckPolicy: jetstream.AckExplicitPolicy, AckWait: cfg.Timeout, MaxDeliver: -1, MaxAckPending: -1,
		})
	}
	if err != nil {
		return nil, fmt.Errorf("cluster: queue %s: %w", cfg.Name, unavailable(err))
	}
	q.ctx, q.cancel = context.WithCancel(c.ctx)
	q.ended.Go(q.extend)
	return q, nil
}

// Append implements store.Store. It returns when NATS has acknowledged the message.
func (q *Queue) Append(ctx context.Context, message []byte) error {
	if q.ctx.Err() != nil {
		return store.ErrClosed
	}
	compact, err := store.Compact(message, q.cfg.MaxMessageSize)
	if err != nil {
		return err
	}
	return q.put(ctx, q.subject, compact)
}

// put has a message stored, with as many attempts as the time allows.
func (q *Queue) put(ctx context.Context, subject string, payload []byte) error {
	ctx, cancel := context.WithTimeout(ctx, q.c.cfg.PublishTimeout)
	defer cancel()
	id := nats.NewInbox()
	for {
		attempt, stop := context.WithTimeout(ctx, attemptTimeout)
		_, err := q.c.js.Publish(attempt, subject, payload, jetstream.WithMsgID(id))
		stop()
		e, isAPI := errors.AsType[*jetstream.APIError](err)
		switch {
		case err == nil:
			return nil
		case isAPI && isFull(e):
			return errors.Join(store.ErrFull, err)
		case !repeatable(err) || !pause(ctx, reconnectWait):
			return fmt.Errorf("cluster: queue: %w", unavailable(err))
		}
	}
}

// AppendAll implements store.Store, but for "all or none": if one fails, those before
// it are stored. All are checked first.
func (q *Queue) AppendAll(ctx context.Context, messages [][]byte) error {
	for _, m := range messages {
		if _, err := store.Compact(m, q.cfg.MaxMessageSize); err != nil {
			return err
		}
	}
	for _, m := range messages {
		if err := q.Append(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// Next implements store.Store. While NATS is gone it waits.
func (q *Queue) Next(ctx context.Context) (store.Delivery, error) {
	for {
		switch {
		case q.ctx.Err() != nil:
			return store.Delivery{}, store.ErrClosed
		case ctx.Err() != nil:
			return store.Delivery{}, ctx.Err()
		}
		d, err := q.fetch(ctx, nextWait)
		if err == nil {
			return d, nil
		}
		if !errors.Is(err, store.ErrEmpty) {
			pause(ctx, reconnectWait)
		}
	}
}

// TryNext implements store.Store.
func (q *Queue) TryNext() (store.Delivery, error) {
	if q.ctx.Err() != nil {
		return store.Delivery{}, store.ErrClosed
	}
	ctx, cancel := context.WithTimeout(q.ctx, apiTimeout)
	defer cancel()
	return q.fetch(ctx, 0)
}

// fetch asks for one message, and waits that long for it, 0 meaning not at all.
func (q *Queue) fetch(ctx context.Context, wait time.Duration) (store.Delivery, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(q.ctx, cancel)()
	for {
		m, err := q.fetchOne(ctx, wait)
		if err != nil {
			return store.Delivery{}, err
		}
		meta, err := m.Metadata()
		if err != nil {
			return store.Delivery{}, err
		}
		if most := q.cfg.MaxDeliveries; most > 0 && meta.NumDelivered > uint64(most) {
			q.bury(ctx, m)
			continue
		}
		l := loan{meta.Sequence.Stream, q.loan.Add(1)}
		q.mu.Lock()
		q.loans[l] = m
		q.mu.Unlock()
		return store.Lend(store.Message{Seq: l.seq, Payload: m.Data()}, l.seq, l.n), nil
	}
}

func (q *Queue) fetchOne(ctx context.Context, wait time.Duration) (jetstream.Msg, error) {
	var b jetstream.MessageBatch
	var err error
	if wait == 0 {
		b, err = q.consumer.FetchNoWait(1)
	} else {
		b, err = q.consumer.Fetch(1, jetstream.FetchMaxWait(wait))
	}
	if err != nil {
		return nil, fmt.Errorf("cluster: queue: %w", unavailable(err))
	}
	select {
	case m, ok := <-b.Messages():
		if ok {
			return m, nil
		}
	case <-ctx.Done():
		go func() { // what comes all the same is for others
			for m := range b.Messages() {
				m.Nak()
			}
		}()
		return nil, ctx.Err()
	}
	if err := b.Error(); err != nil && !errors.Is(err, nats.ErrTimeout) && !errors.Is(err, jetstream.ErrNoMessages) {
		return nil, fmt.Errorf("cluster: queue: %w", unavailable(err))
	}
	return nil, store.ErrEmpty
}

// bury moves a message to the dead letters: first there, then away here.
func (q *Queue) bury(ctx context.Context, m jetstream.Msg) {
	err := q.put(ctx, q.dead, m.Data())
	if err == nil {
		err = m.DoubleAck(ctx)
	}
	if err != nil {
		q.c.log.Warn("a message can't be moved to the dead letters yet", "queue", q.cfg.Name, "error", err)
	}
}

// takeBack ends a loan.
func (q *Queue) takeBack(d store.Delivery) (jetstream.Msg, bool) {
	seq, n := d.Loan()
	q.mu.Lock()
	defer q.mu.Unlock()
	m, ok := q.loans[loan{seq, n}]
	delete(q.loans, loan{seq, n})
	return m, ok
}

// Ack implements store.Store. It returns when NATS has removed the message; after an
// error of NATS, ErrUnavailable, the message may come again.
func (q *Queue) Ack(d store.Delivery) error {
	if q.ctx.Err() != nil {
		return store.ErrClosed
	}
	m, ok := q.takeBack(d)
	if !ok {
		return store.ErrNotTaken
	}
	ctx, cancel := context.WithTimeout(context.Background(), apiTimeout)
	defer cancel()
	if err := m.DoubleAck(ctx); err != nil {
		return fmt.Errorf("cluster: queue: %w", unavailable(err))
	}
	return nil
}

// Return implements store.Store.
func (q *Queue) Return(d store.Delivery) {
	if m, ok := q.takeBack(d); ok {
		q.giveBack(m)
	}
}

// giveBack returns a message, and waits until NATS has it, so that whoever asks next
// gets it. If that fails the message comes again after the timeout.
func (q *Queue) giveBack(m jetstream.Msg) {
	q.c.nc.Request(m.Reply(), []byte("-NAK"), attemptTimeout)
}

// extend keeps what is lent out lent out, as long as this process lives.
func (q *Queue) extend() {
	ticker := time.NewTicker(q.cfg.Timeout / beats)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-q.ctx.Done():
			return
		}
		q.mu.Lock()
		for _, m := range q.loans {
			m.InProgress()
		}
		q.mu.Unlock()
	}
}

// All implements store.Store.
func (q *Queue) All() iter.Seq2[store.Message, error] {
	return func(yield func(store.Message, error) bool) {
		for seq := uint64(1); ; {
			ctx, cancel := context.WithTimeout(q.ctx, apiTimeout)
			p, err := q.c.read(ctx, q.stream.CachedInfo().Config.Name, q.subject, seq, batch)
			cancel()
			if err != nil {
				yield(store.Message{}, fmt.Errorf("cluster: queue: %w", unavailable(err)))
				return
			}
			for _, m := range p.messages {
				at, _, _ := place(m.Header)
				if seq = at + 1; !yield(store.Message{Seq: at, Payload: m.Data}, nil) {
					return
				}
			}
			if p.pending == 0 {
				return
			}
		}
	}
}

// Len implements store.Store. It is 0 while NATS is gone.
func (q *Queue) Len() int { return q.Stats().Waiting }

// Stats implements store.Store, for all nodes together. It is zero while NATS is gone.
func (q *Queue) Stats() store.Stats {
	ctx, cancel := context.WithTimeout(q.ctx, apiTimeout)
	defer cancel()
	info, err := q.stream.Info(ctx)
	if err != nil {
		return store.Stats{}
	}
	consumer, err := q.consumer.Info(ctx)
	if err != nil {
		return store.Stats{}
	}
	taken := consumer.NumAckPending
	return store.Stats{Waiting: max(0, int(info.State.Msgs)-taken), Taken: taken, Bytes: int64(info.State.Bytes)}
}

// Close implements store.Store. What is lent out goes to others.
func (q *Queue) Close() error {
	q.cancel()
	q.ended.Wait()
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, m := range q.loans {
		q.giveBack(m)
	}
	clear(q.loans)
	return nil
}
