package cluster_test

import (
	"strings"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
)

// jetStream returns the JetStream of a node and the names of the streams with history.
func jetStream(t *testing.T, n *node) (jetstream.JetStream, []string) {
	t.Helper()
	js, err := jetstream.New(n.NATS())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for name := range js.StreamNames(ctx).Name() {
		if strings.HasPrefix(name, n.name+"-") {
			names = append(names, name)
		}
	}
	return js, names
}
