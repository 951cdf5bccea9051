package cluster

import "github.com/nats-io/nats-server/v2/server"

// JetStreamConfig returns what the embedded nats-server says of its JetStream.
func JetStreamConfig(c *Cluster) *server.JetStreamConfig { return c.embedded.JetStreamConfig() }
