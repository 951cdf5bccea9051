package app

import (
	"context"
	"time"

	"github.com/godwit-ws/godwit/conn"
)

// Join says how a connection is to be in a topic. The zero value is Conn.Join.
type Join struct {
	// After is the position that the peer has seen everything up to. What was published
	// since is sent to it first, if history is kept (Config.Retain, Config.Broker) and
	// reaches back that far. Zero means only what comes from now on.
	After Position
	// Framing makes the messages that the peer gets. Nil means those that were
	// published, as they are: a peer that is to resume must learn positions some other
	// way.
	Framing Framing
	// Presence has Framing told of who comes and goes.
	Presence bool
}

// Joined is how joining went.
type Joined struct {
	// Position is where the peer stands now; zero where no history is kept.
	Position Position
	// Missed is how many messages of before were sent.
	Missed int
	// Gap says that messages behind Join.After are missing from these, or may be. With
	// a Framing the peer was told where.
	Gap bool
}

const (
	replayPage  = 256              // messages read from the history at once
	replayPages = 256              // read for one Join, at most
	replayLimit = 30 * time.Second // for all of them
)

// JoinWith is Join with more to say. What the peer has missed is sent before anything
// else of the topic, in order and without a message twice, and at the pace at which
// the peer takes it; JoinWith returns when it is on its way. With an Engine whose hooks
// are Inline nothing waits for the peer: there more than Limits.MaxQueued that it missed
// ends the connection with 1013, so keep less (Config.Retain).
//
// Errors: those of Join; ErrJoined if the connection is a member already; ErrBehind;
// those of sending. The connection isn't a member then, or is what it was. A Leave
// meanwhile ends the catching up; it is no error.
func (c *Conn) JoinWith(name string, j Join) (Joined, error) {
	grant, err := c.mayJoin(name, j)
	if err != nil {
		return Joined{}, err
	}
	s := c.request.server
	as := &membership{framing: j.Framing, presence: j.Presence, behind: s.broker != nil && !j.After.IsZero()}
	t, err := s.topics.join(c, name, as)
	switch {
	case err != nil:
		return Joined{}, err
	case t == nil:
		return Joined{}, ErrJoined
	}
	done := Joined{Gap: !j.After.IsZero()} // where nothing is kept
	switch {
	case as.behind:
		if done, err = c.catchUp(t, as, j.After); err == nil && !t.has(c, as) {
			err = c.ws.Err() // nil if it was by Leave
		}
	case t.link != nil:
		done.Position = t.at()
	}
	if err != nil {
		s.topics.abandon(c, t, as)
		return Joined{}, err
	}
	c.holdTo(grant, name)
	return done, nil
}

// mayJoin asks for everything that joining like that takes.
func (c *Conn) mayJoin(name string, j Join) (Grant, error) {
	grant, err := c.authorize(JoinTopic, name)
	if err == nil && !j.After.IsZero() {
		_, err = c.authorize(ResumeTopic, name)
	}
	if err == nil && j.Presence {
		_, err = c.authorize(SeeTopic, name)
	}
	return grant, err
}

// at returns where the topic stands: whoever is a member gets what comes behind.
func (t *topic) at() Position {
	t.publishing.Lock()
	defer t.publishing.Unlock()
	return t.position
}

// catchUp sends what the history has behind a position, until the messages that wait
// meanwhile follow on it.
func (c *Conn) catchUp(t *topic, as *membership, after Position) (done Joined, err error) {
	ctx, cancel := context.WithTimeout(c.Context(), replayLimit)
	defer cancel()
	done.Position = after
	for range replayPages {
		r, err := t.link.broker.History(ctx, t.name, done.Position, replayPage)
		if err != nil {
			return done, err
		}
		if err := c.replay(ctx, t, as, r); err != nil || !t.has(c, as) {
			return done, err
		}
		done.Position, done.Gap = r.End, done.Gap || r.Gap
		done.Missed += len(r.Publications)
		if r.More {
			continue
		}
		if settled, err := c.settle(ctx, t, as, &done); settled || err != nil {
			return done, err
		}
	}
	return done, ErrBehind
}

// settle sends what waits for a member as long as it follows on what it was sent, and
// reports whether it is a member like the others now.
func (c *Conn) settle(ctx context.Context, t *topic, as *membership, done *Joined) (bool, error) {
	for {
		waiting, settled := t.take(c, as, done.Position)
		if len(waiting) > 0 {
			done.Position = waiting[len(waiting)-1].Position
			done.Missed += len(waiting)
		}
		if settled || len(waiting) == 0 {
			return settled, nil
		}
		if err := c.replay(ctx, t, as, Replay{Publications: waiting}); err != nil {
			return false, err
		}
	}
}

// take returns what waits for a member. If that is the end of it, it is sent already. For
// one that has left it is the end, and nothing is sent.
func (t *topic) take(c *Conn, as *membership, at Position) ([]*Publication, bool) {
	t.publishing.Lock()
	defer t.publishing.Unlock()
	if !t.has(c, as) {
		return nil, true
	}
	waiting, done := as.take(at)
	for i := 0; done && i < len(waiting); i++ {
		t.send(waiting[i].outgoing(), []seat{{c, as}}, func(*Conn) bool { return true })
	}
	return waiting, done
}

// replay sends a part of the history, as long as the membership lasts: who leaves and
// joins again meanwhile gets what is new in its place.
func (c *Conn) replay(ctx context.Context, t *topic, as *membership, r Replay) error {
	if !t.has(c, as) {
		return nil
	}
	if r.Gap && as.framing != nil {
		before := r.End
		if len(r.Publications) > 0 {
			before.Seq = r.Publications[0].Prev
		}
		m, err := as.framing.Gap(t.name, before)
		if err := c.sendFramed(ctx, m, err); err != nil {
			return err
		}
	}
	for _, p := range r.Publications {
		if !t.has(c, as) {
			return nil
		}
		m, err := p.message, error(nil)
		if as.framing != nil {
			m, err = as.framing.Message(p)
		}
		if err := c.sendFramed(ctx, m, err); err != nil {
			return err
		}
	}
	return nil
}

// sendFramed sends what a Framing has made, and waits for room.
func (c *Conn) sendFramed(ctx context.Context, m *conn.Prepared, err error) error {
	if err != nil || m == nil {
		return nil // as in publishing: the Framing's business
	}
	return c.count(m.Len(), c.ws.WritePrepared(ctx, m))
}
