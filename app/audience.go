package app

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/godwit-ws/godwit/conn"
)

// Audience is who a message goes to: all connections (Server.Everyone), or the
// members of a topic (Server.To, Conn.To), less those that Except and Only leave
// out. It is a value: each method returns another.
//
//	c.To("room:7").Except(c).Text("hello")
//
// A message is encoded once, and no sender waits for a slow receiver, except under
// the policy Block: see SlowConsumer.
type Audience struct {
	server *Server
	sender *Conn // whose authorisation is asked for; nil for the server itself
	topic  string
	all    bool // everyone, whatever the topics
	except *Conn
	only   func(*Conn) bool
	key    string
	id     string
}

// Everyone is all connections of the server.
func (s *Server) Everyone() Audience { return Audience{server: s, all: true} }

// To is the members of a topic. Config.Authorize isn't asked: the server itself
// speaks.
func (s *Server) To(topic string) Audience { return Audience{server: s, topic: topic} }

// To is the members of a topic, c included if it is one. Config.Authorize is asked
// whether c may publish there.
func (c *Conn) To(topic string) Audience {
	return Audience{server: c.request.server, sender: c, topic: topic}
}

// Except leaves one connection out: the sender, say.
func (a Audience) Except(c *Conn) Audience {
	a.except = c
	return a
}

// Only leaves out those for whom match returns false. It must not block, and may be
// called from several goroutines.
func (a Audience) Only(match func(*Conn) bool) Audience {
	a.only = match
	return a
}

// Keyed gives the message a key: under KeepLatest it replaces one of the same key
// that still waits.
func (a Audience) Keyed(key string) Audience {
	a.key = key
	return a
}

// Identified gives the message an identity: published again with the same one, because
// it wasn't known whether it was taken, it may be taken only once. How long that is
// remembered is the Broker's to say; the one in memory, where nothing gets lost, takes
// each.
func (a Audience) Identified(id string) Audience {
	a.id = id
	return a
}

// Text sends a text message. It returns how many connections it was sent to, or
// queued for. Errors: conn.ErrNotUTF8, and Config.Authorize's.
func (a Audience) Text(text string) (reached int, err error) { return a.Send(conn.Text, []byte(text)) }

// Binary sends a binary message, as Text does.
func (a Audience) Binary(data []byte) (reached int, err error) { return a.Send(conn.Binary, data) }

// JSON sends v as a text message of JSON, as Text does.
func (a Audience) JSON(v any) (reached int, err error) {
	p, err := json.Marshal(v)
	if err != nil {
		return 0, fmt.Errorf("app: send JSON: %w", err)
	}
	return a.Send(conn.Text, p)
}

// Send sends a message of either type, as Text does. p is the caller's again when it
// returns.
func (a Audience) Send(op conn.Opcode, p []byte) (reached int, err error) {
	r, err := a.Publish(op, p)
	return r.Reached, err
}

// Publish is Send that tells where in the topic's history the message stands now.
//
// With a Config.Broker, what goes to a topic's members goes to those on other servers
// too, and with Config.Retain into the history, except where Only was used: a function
// can't travel, so the message is for the members on this server now, and for nobody
// later. Errors: the Broker's as well. Those may be of a message that was delivered to
// some.
func (a Audience) Publish(op conn.Opcode, p []byte) (Receipt, error) {
	if a.sender != nil {
		if _, err := a.sender.authorize(PublishTopic, a.topic); err != nil {
			return Receipt{}, err
		}
	}
	m, err := conn.NewPrepared(op, p)
	if err != nil {
		return Receipt{}, err
	}
	switch {
	case a.all:
		return Receipt{Reached: a.everyone(m)}, nil
	case a.server.broker == nil || a.only != nil:
		return Receipt{Reached: a.server.topics.publish(a.topic, m, a.key, a.takes)}, nil
	}
	return a.broker(m)
}

// everyone sends a message to all connections.
func (a *Audience) everyone(m *conn.Prepared) (reached int) {
	for c := range a.server.conns.all() {
		if a.takes(c) && c.post(m, a.key, a.server.cfg.SlowConsumer) {
			reached++
		}
	}
	return reached
}

// broker hands a message to the Broker.
func (a *Audience) broker(m *conn.Prepared) (Receipt, error) {
	if err := checkTopicName(a.topic); err != nil {
		return Receipt{}, err
	}
	p := &Publication{Topic: a.topic, Key: a.key, ID: a.id, message: m}
	if a.except != nil {
		p.Except = a.except.ID()
	}
	return a.server.broker.Publish(context.Background(), p)
}

// takes reports whether a connection isn't left out.
func (a *Audience) takes(c *Conn) bool {
	return c != a.except && (a.only == nil || a.only(c))
}
