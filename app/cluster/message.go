package cluster

import (
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
)

// The header fields of a topic's message, beside those of JetStream. Those that say
// nothing are left out, and most messages have none.
const (
	fieldOpcode = "Gw-Op"     // "b" for a binary message
	fieldKey    = "Gw-Key"    // Publication.Key, as a token
	fieldExcept = "Gw-Except" // node and connection, with a dot between
)

// encode makes a message of a publication.
func (c *Cluster) encode(subject string, p *app.Publication) *nats.Msg {
	m := &nats.Msg{Subject: subject, Data: p.Payload()}
	set := func(field, value string) {
		if m.Header == nil {
			m.Header = make(nats.Header)
		}
		m.Header[field] = []string{value}
	}
	if p.Opcode() == conn.Binary {
		set(fieldOpcode, "b")
	}
	if p.Key != "" {
		set(fieldKey, token(p.Key))
	}
	if p.Except != "" {
		set(fieldExcept, c.node+"."+p.Except)
	}
	return m
}

// decode makes a publication of a message. It returns nil for one that is none.
func (c *Cluster) decode(topic string, h nats.Header, data []byte) *app.Publication {
	op := conn.Text
	if field(h, fieldOpcode) == "b" {
		op = conn.Binary
	}
	p, err := app.NewPublication(topic, op, data)
	if err != nil {
		return nil
	}
	if key := field(h, fieldKey); key != "" {
		p.Key, _ = untoken(key)
	}
	if node, id, _ := strings.Cut(field(h, fieldExcept), "."); node == c.node {
		p.Except = id
	}
	return p
}

// place returns where in a stream a message stands: its sequence, that of the message
// before it in the same topic, and whether it says so at all.
func place(h nats.Header) (seq, prev uint64, ok bool) {
	seq, err := strconv.ParseUint(field(h, jetstream.SequenceHeader), 10, 64)
	prev, _ = strconv.ParseUint(field(h, jetstream.LastSequenceHeader), 10, 64)
	return seq, prev, err == nil
}

// field returns a header field written in exactly that way.
func field(h nats.Header, name string) string {
	if v := h[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}
