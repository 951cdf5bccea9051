package cluster

import (
	"context"
	"time"

	"github.com/godwit-ws/godwit/app"
)

// checksAtOnce is how many topics of a stream that has moved on are compared with it in
// one go; the others follow in the next. Those of which messages were lost for sure are
// all compared.
const checksAtOnce = 500

// checkStreams compares, again and again, what was delivered with what the streams
// have. A message that a stream republished may get lost on its way, when its leader
// changes or a connection breaks; the next one shows that, and if there is no next one
// this does.
func (c *Cluster) checkStreams() {
	ticker := time.NewTicker(c.cfg.CheckInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-c.ctx.Done():
			return
		}
		if c.nc.IsConnected() {
			c.checkAll()
		}
	}
}

func (c *Cluster) checkAll() {
	byStream := make(map[*stream][]*subscription)
	for _, s := range c.subs.kept() {
		byStream[s.stream] = append(byStream[s.stream], s)
	}
	for s, subs := range byStream {
		ctx, cancel := context.WithTimeout(c.ctx, apiTimeout)
		info, err := c.look(ctx, s)
		cancel()
		if err != nil {
			c.log.Warn("a stream can't be looked at", "stream", s.name, "error", err)
			continue
		}
		now := app.Position{Epoch: epochOf(info), Seq: info.State.LastSeq}
		s.mu.Lock()
		moved := s.last != now.Seq
		s.mu.Unlock()
		left := checksAtOnce
		for _, sub := range subs {
			if sub.check(now, moved && left > 0) {
				left--
			}
		}
		if left > 0 {
			s.mu.Lock()
			s.last = now.Seq
			s.mu.Unlock()
		}
	}
}

// check compares a topic with its stream if there is reason to, and reports whether it
// asked. The map's order, which changes, sees to it that all have their turn.
func (s *subscription) check(now app.Position, moved bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ready || s.closed {
		return false
	}
	if !s.suspect && s.at.Epoch == now.Epoch && (!moved || s.at.Seq >= now.Seq) {
		return false
	}
	s.refill()
	return true
}
