package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/godwit-ws/godwit/app"
)

const (
	batch       = 256                   // messages read from a stream at once, at most
	lagPause    = 20 * time.Millisecond // between looks at a server that lags
	lagLimit    = time.Second           // for a leader to come to a position that was reached before
	headerLimit = "Nats-Num-Pending"
)

// History implements app.Broker.
//
// Any replica may answer a read, one that lags behind too; what the leader had stored
// before the read must be in it, or the read is repeated. Whether something behind
// after is missing is looked at when the messages have been read, so that nothing can
// go unnoticed in between. Nothing is, if the stream has lost nothing at all behind
// after; if of this topic it still has a message at or before after, since the oldest
// go first; or if by number alone it hasn't had to let any go.
func (c *Cluster) History(ctx context.Context, topic string, after app.Position, limit int) (app.Replay, error) {
	s := c.stream(topic)
	if s == nil {
		return app.Replay{Gap: true}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	info, err := c.lookFrom(ctx, s, after)
	if err != nil {
		return app.Replay{}, err
	}
	epoch := epochOf(info)
	ours := after.Epoch == epoch && after.Seq <= info.State.LastSeq
	from := uint64(0)
	if ours {
		from = after.Seq
	}
	subject := c.subjects.kept(s.label, topic)
	page, err := c.readFresh(ctx, s, subject, from, min(limit, batch))
	if err != nil {
		return app.Replay{}, err
	}
	r := page.replay(c, topic, app.Position{Epoch: epoch, Seq: from})
	if !ours {
		r.Gap = true
		return r, nil
	}
	complete, err := c.isComplete(ctx, s, subject, after, page)
	if err != nil {
		return app.Replay{}, err
	}
	if r.Gap = !complete; r.Gap && len(r.Publications) > 0 {
		r.Publications[0].Prev = r.Publications[0].Position.Seq - 1
	}
	return r, nil
}

// lookFrom is look by somebody who is at a position of before. A leader that has just
// been elected may not have come that far in what it was elected for, and is given time:
// to be told that messages are missing which aren't would be wrong.
func (c *Cluster) lookFrom(ctx context.Context, s *stream, at app.Position) (*jetstream.StreamInfo, error) {
	limit := time.Now().Add(lagLimit)
	for {
		info, err := c.look(ctx, s)
		if err != nil || epochOf(info) != at.Epoch || info.State.LastSeq >= at.Seq || time.Now().After(limit) {
			return info, err
		}
		pause(ctx, lagPause)
	}
}

// page is a part of a topic's messages.
type page struct {
	messages []*nats.Msg
	pending  int // more behind them
}

// last returns the sequence of the last message, or from.
func (p *page) last(from uint64) uint64 {
	if len(p.messages) == 0 {
		return from
	}
	seq, _, _ := place(p.messages[len(p.messages)-1].Header)
	return seq
}

// replay makes publications of the page, which begins behind at.
func (p *page) replay(c *Cluster, topic string, at app.Position) app.Replay {
	r := app.Replay{More: p.pending > 0}
	for _, m := range p.messages {
		seq, _, ok := place(m.Header)
		pub := c.decode(topic, m.Header, m.Data)
		if !ok || pub == nil {
			continue
		}
		pub.Prev = at.Seq
		at.Seq = seq
		pub.Position = at
		r.Publications = append(r.Publications, pub)
	}
	r.End = at
	return r
}

// readFresh reads a page that has everything which the leader had before.
func (c *Cluster) readFresh(ctx context.Context, s *stream, subject string, from uint64, n int) (*page, error) {
	newest := uint64(0)
	if c.cfg.Replicas > 1 {
		var err error
		if newest, err = c.newest(ctx, s, subject); err != nil {
			return nil, err
		}
	}
	for {
		p, err := c.read(ctx, s.name, subject, from+1, n)
		if err != nil {
			return nil, fmt.Errorf("cluster: history: %w", unavailable(err))
		}
		if p.pending > 0 || p.last(from) >= newest {
			return p, nil
		}
		if !pause(ctx, lagPause) {
			return nil, fmt.Errorf("cluster: history: a replica lags: %w", unavailable(ctx.Err()))
		}
	}
}

// newest asks the leader for the sequence of a topic's last message, 0 for none.
func (c *Cluster) newest(ctx context.Context, s *stream, subject string) (uint64, error) {
	request, _ := json.Marshal(map[string]string{"last_by_subj": subject})
	m, err := c.nc.RequestWithContext(ctx, "$JS.API.STREAM.MSG.GET."+s.name, request)
	if err != nil {
		return 0, fmt.Errorf("cluster: history: %w", unavailable(err))
	}
	var answer struct {
		Error   *jetstream.APIError
		Message struct{ Seq uint64 }
	}
	switch err := json.Unmarshal(m.Data, &answer); {
	case err != nil:
		return 0, fmt.Errorf("cluster: history: %w", unavailable(err))
	case answer.Error != nil && answer.Error.ErrorCode == jetstream.JSErrCodeMessageNotFound:
		return 0, nil
	case answer.Error != nil:
		return 0, fmt.Errorf("cluster: history: %w", unavailable(answer.Error))
	}
	return answer.Message.Seq, nil
}

var errCut = errors.New("cluster: a reply was cut short")

// read reads messages of a subject from a sequence on, n at most.
func (c *Cluster) read(ctx context.Context, stream, subject string, seq uint64, n int) (*page, error) {
	request, _ := json.Marshal(map[string]any{"seq": seq, "next_by_subj": subject, "batch": max(n, 2)})
	inbox := c.nc.NewRespInbox()
	sub, err := c.nc.SubscribeSync(inbox)
	if err != nil {
		return nil, err
	}
	defer sub.Unsubscribe()
	if err := c.nc.PublishRequest("$JS.API.DIRECT.GET."+stream, inbox, request); err != nil {
		return nil, err
	}
	p := new(page)
	for {
		m, err := sub.NextMsgWithContext(ctx)
		if err != nil {
			return nil, err
		}
		switch status := field(m.Header, "Status"); status {
		case "":
			p.messages = append(p.messages, m)
			if p.pending, err = strconv.Atoi(field(m.Header, headerLimit)); err != nil || len(p.messages) > max(n, 2) {
				return nil, errCut
			}
		case "204", "404": // the end, or none at all
			if status == "204" {
				p.pending, _ = strconv.Atoi(field(m.Header, headerLimit))
			}
			return p.cut(n), nil
		default:
			return nil, fmt.Errorf("status %s %s", status, field(m.Header, "Description"))
		}
	}
}

// cut leaves n messages.
func (p *page) cut(n int) *page {
	if more := len(p.messages) - n; more > 0 {
		p.messages = p.messages[:n]
		p.pending += more
	}
	return p
}

// isComplete reports whether the page has all that ever was published behind after.
func (c *Cluster) isComplete(ctx context.Context, s *stream, subject string, after app.Position, p *page) (bool, error) {
	info, err := c.look(ctx, s)
	switch {
	case err != nil:
		return false, err
	case epochOf(info) != after.Epoch:
		return false, nil
	}
	behind, most := len(p.messages)+p.pending, s.retain.MaxMessages
	inNumber := most < 0 || behind <= most
	if inNumber && (info.State.FirstSeq <= after.Seq+1 || s.byNumberOnly()) {
		return true, nil
	}
	oldest, err := c.read(ctx, s.name, subject, 1, 1)
	if err != nil {
		return false, fmt.Errorf("cluster: history: %w", unavailable(err))
	}
	return len(oldest.messages) > 0 && oldest.last(0) <= after.Seq, nil
}

// byNumberOnly reports whether messages go only because there are too many of a topic.
func (s *stream) byNumberOnly() bool {
	return s.retain.MaxAge <= 0 && s.config.Discard == jetstream.DiscardNew
}
