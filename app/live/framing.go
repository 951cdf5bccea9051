package live

import (
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
)

// Framing makes the protocol's events of what happens in a topic, for handlers that
// speak a part of the protocol themselves.
type Framing struct{}

var _ app.Framing = Framing{}

// Message makes the event "message". Text that is JSON stands in it as data, other
// text as text, a binary message as bytes, in base64.
func (Framing) Message(p *app.Publication) (*conn.Prepared, error) {
	payload := p.Payload()
	event := make([]byte, 0, len(payload)+len(p.Topic)+128)
	event = appendTopic(append(event, `{"event":"message"`...), p.Topic, p.Position)
	switch {
	case p.Opcode() == conn.Binary:
		event = append(event, `,"bytes":"`...)
		event = append(base64.StdEncoding.AppendEncode(event, payload), '"')
	case json.Valid(payload):
		event = append(append(event, `,"data":`...), payload...)
	default:
		event = appendString(append(event, `,"text":`...), string(payload))
	}
	return conn.NewPrepared(conn.Text, append(event, '}'))
}

// Gap makes the event "gap".
func (Framing) Gap(topic string, p app.Position) (*conn.Prepared, error) {
	return conn.NewPrepared(conn.Text, append(appendTopic([]byte(`{"event":"gap"`), topic, p), '}'))
}

// Presence makes the events "joined" and "left".
func (Framing) Presence(e app.PresenceEvent) (*conn.Prepared, error) {
	name := "joined"
	if e.Left {
		name = "left"
	}
	event, err := json.Marshal(struct {
		Event  string `json:"event"`
		Topic  string `json:"topic"`
		Member member `json:"member"`
	}{name, e.Topic, asMember(e.Member)})
	if err != nil {
		return nil, err
	}
	return conn.NewPrepared(conn.Text, event)
}

// appendTopic appends the fields topic and, where there is a position, at.
func appendTopic(dst []byte, topic string, p app.Position) []byte {
	dst = appendString(append(dst, `,"topic":`...), topic)
	if p.IsZero() {
		return dst
	}
	return append(append(append(dst, `,"at":"`...), p.String()...), '"')
}

// appendString appends a string of JSON.
func appendString(dst []byte, s string) []byte {
	text, _ := json.Marshal(s) // a string always can
	return append(dst, text...)
}

// member is a member of a topic as clients see it.
type member struct {
	ID    string    `json:"id"`
	Node  string    `json:"node,omitempty"`
	Info  any       `json:"info,omitempty"`
	Since time.Time `json:"since"`
}

func asMember(m app.Member) member {
	return member{ID: m.ID, Node: m.Node, Info: m.Info, Since: m.Since.UTC()}
}
