package app

import (
	"github.com/godwit-ws/godwit/conn"
)

// Publication is a message of a topic, on its way through a Broker to the members. It
// must not be changed once it was given away.
type Publication struct {
	Topic string
	// Position is the place in the topic's history; zero where none is kept.
	Position Position
	// Prev is the Seq of the message before it in the topic, or anything below: one
	// that has seen Prev has missed nothing. 0 where nobody knows of one.
	Prev uint64
	// Key is what the message is about (Audience.Keyed).
	Key string
	// Except is the ID of the connection of this server that is left out, or "".
	Except string
	// ID is the same when a message is published again because it isn't known whether
	// it was taken: a Broker may take it only once. "" is a message of its own.
	ID string

	message *conn.Prepared
}

// NewPublication makes a publication of a message of either type, with a copy of
// payload. Errors: conn.ErrOpcode, conn.ErrNotUTF8.
func NewPublication(topic string, op conn.Opcode, payload []byte) (*Publication, error) {
	m, err := conn.NewPrepared(op, payload)
	if err != nil {
		return nil, err
	}
	return &Publication{Topic: topic, message: m}, nil
}

// Opcode returns conn.Text or conn.Binary.
func (p *Publication) Opcode() conn.Opcode { return p.message.Opcode() }

// Payload returns a copy of the message.
func (p *Publication) Payload() []byte { return p.message.Payload() }

// Len returns the length of the message in bytes.
func (p *Publication) Len() int { return p.message.Len() }

// Message returns the message encoded once for all members.
func (p *Publication) Message() *conn.Prepared { return p.message }

// outgoing returns the message as topics send it.
func (p *Publication) outgoing() *outgoing {
	return &outgoing{Publication: p, topic: p.Topic, message: p.message, key: p.Key}
}

// A Framing turns what happens in a topic into the messages that members' peers get
// who joined with it: with an envelope around them, say. Members that share one (the
// same by ==) share its messages: it is called once for all. A nil message without an
// error sends nothing. It is called while the topic's messages wait, and must not
// block.
type Framing interface {
	// Message frames a message.
	Message(p *Publication) (*conn.Prepared, error)
	// Gap says that messages before p were missed and can't be had any more.
	Gap(topic string, p Position) (*conn.Prepared, error)
	// Presence says who came or went, to members that asked for it (Join.Presence).
	Presence(e PresenceEvent) (*conn.Prepared, error)
}
