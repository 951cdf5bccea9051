package cluster

import (
	"log/slog"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/godwit-ws/godwit/app"
)

// JetStreamConfig returns what the embedded nats-server says of its JetStream.
func JetStreamConfig(c *Cluster) *server.JetStreamConfig { return c.embedded.JetStreamConfig() }

// StreamOf returns the configuration of a topic's stream, false where nothing is kept.
func StreamOf(cfg Config, topic string) (jetstream.StreamConfig, bool) {
	s := unconnected(cfg, "").stream(topic)
	if s == nil {
		return jetstream.StreamConfig{}, false
	}
	return s.config, true
}

// Carry makes a message of a publication on one node, and a publication of that on
// another.
func Carry(from, to string, p *app.Publication) (*nats.Msg, *app.Publication) {
	m := unconnected(Config{}, from).encode("subject", p)
	return m, unconnected(Config{}, to).decode(p.Topic, m.Header, m.Data)
}

func unconnected(cfg Config, node string) *Cluster {
	cfg = cfg.withDefaults()
	return &Cluster{cfg: cfg, node: node, subjects: subjects(cfg.Name), log: slog.New(slog.DiscardHandler), streams: streams{byLabel: make(map[string]*stream)}}
}

var (
	Unavailable = unavailable
	Repeatable  = repeatable
)
