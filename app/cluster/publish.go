package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"

	"github.com/godwit-ws/godwit/app"
)

// attemptTimeout is how long one attempt to have a message stored may take.
const attemptTimeout = 2 * time.Second

// Publish implements app.Broker. To a topic without history, members on this node get
// the message at once, and the others as NATS carries it; an error then concerns the
// others. With history it goes to the stream first: when Publish returns without an
// error it is there, and whoever is or comes back gets it. An attempt that got no
// answer is repeated; the message's id keeps it from coming twice.
func (c *Cluster) Publish(ctx context.Context, p *app.Publication) (app.Receipt, error) {
	if s := c.stream(p.Topic); s != nil {
		return c.keep(ctx, s, p)
	}
	r := app.Receipt{Reached: c.subs.deliverHere(p)}
	if err := c.nc.PublishMsg(c.encode(c.subjects.message(p.Topic), p)); err != nil {
		return r, fmt.Errorf("cluster: publish: delivered on this node only: %w", unavailable(err))
	}
	return r, nil
}

// keep has a message stored.
func (c *Cluster) keep(ctx context.Context, s *stream, p *app.Publication) (app.Receipt, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.PublishTimeout)
	defer cancel()
	id := nuid.Next()
	if p.ID != "" {
		id = token(p.Topic) + "." + token(p.ID)
	}
	m := c.encode(c.subjects.kept(s.label, p.Topic), p)
	for {
		if c.cfg.Down == Fail && !c.nc.IsConnected() {
			return app.Receipt{}, fmt.Errorf("cluster: publish: %w", ErrUnavailable)
		}
		seq, err := c.store(ctx, s, m, id)
		if err == nil {
			return app.Receipt{Position: app.Position{Epoch: s.epochNow(), Seq: seq}}, nil
		}
		if !repeatable(err) || !pause(ctx, reconnectWait) {
			return app.Receipt{}, fmt.Errorf("cluster: publish: %w", unavailable(err))
		}
	}
}

// store makes one attempt.
func (c *Cluster) store(ctx context.Context, s *stream, m *nats.Msg, id string) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	if _, err := c.ensure(ctx, s); err != nil {
		return 0, err
	}
	ack, err := c.js.PublishMsg(ctx, m, jetstream.WithMsgID(id), jetstream.WithRetryAttempts(0))
	if err != nil {
		if errors.Is(err, jetstream.ErrNoStreamResponse) {
			s.forget() // gone, or without a leader
		}
		return 0, err
	}
	return ack.Sequence, nil
}

// repeatable reports whether another attempt may succeed.
func repeatable(err error) bool {
	if errors.Is(err, ErrClosed) || errors.Is(err, nats.ErrConnectionClosed) || errors.Is(err, nats.ErrMaxPayload) {
		return false
	}
	e, ok := errors.AsType[*jetstream.APIError](err)
	return !ok || e.Code >= 500 && !isFull(e)
}

// pause waits, and reports whether ctx goes on.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// epochNow is the epoch as far as this node knows.
func (s *stream) epochNow() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.epoch
}

// isGone reports whether an error says that a stream isn't there.
func isGone(err error) bool { return errors.Is(err, jetstream.ErrStreamNotFound) }
