package cluster_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/app/cluster"
	"github.com/godwit-ws/godwit/conn"
)

// sink is a receiver that says when a message has come.
type sink chan struct{}

func (s sink) Deliver(*app.Publication) int { s <- struct{}{}; return 1 }
func (sink) Gap(app.Position)               {}
func (sink) Notify(app.PresenceEvent)       {}

// BenchmarkLatency is the time from publishing on one node to delivery on another, one
// message after the other, against raw NATS and against one process.
func BenchmarkLatency(b *testing.B) {
	nats0 := startNATS(b)
	payload := make([]byte, 100)
	b.Run("by=nats", func(b *testing.B) {
		from, to := dialNATS(b, nats0), dialNATS(b, nats0)
		got := make(chan struct{}, 1)
		to.Subscribe("bench", func(*nats.Msg) { got <- struct{}{} })
		to.Flush()
		for b.Loop() {
			from.Publish("bench", payload)
			<-got
		}
	})
	b.Run("by=process", func(b *testing.B) {
		benchBroker(b, app.NewMemoryBroker(app.MemoryConfig{}), nil, "plain")
	})
	for _, topic := range []string{"plain", "kept"} {
		b.Run("by=cluster/topic="+topic, func(b *testing.B) {
			from, to := joinFor(b, nats0), joinFor(b, nats0)
			benchBroker(b, from, to, topic)
		})
	}
}

// BenchmarkDeliveries is how fast messages go from one node to others, 256 under way.
func BenchmarkDeliveries(b *testing.B) {
	nats0 := startNATS(b)
	for _, topics := range []int{1, 1000} {
		b.Run(fmt.Sprintf("topics=%d", topics), func(b *testing.B) {
			from, to := joinFor(b, nats0), joinFor(b, nats0)
			got := make(sink, 1<<16)
			var pubs []*app.Publication
			for i := range topics {
				topic := fmt.Sprint("plain", i)
				s, err := to.Subscribe(topic, got)
				if err != nil {
					b.Fatal(err)
				}
				defer s.Close()
				p, _ := app.NewPublication(topic, conn.Binary, make([]byte, 100))
				pubs = append(pubs, p)
			}
			b.ResetTimer()
			for i := range b.N {
				if i >= 256 {
					<-got
				}
				if _, err := from.Publish(ctx, pubs[i%topics]); err != nil {
					b.Fatal(err)
				}
			}
			for range min(b.N, 256) {
				<-got
			}
		})
	}
}

// benchBroker publishes on one broker and waits for delivery on another, nil meaning the
// same.
func benchBroker(b *testing.B, from, to app.Broker, topic string) {
	if to == nil {
		to = from
	}
	got := make(sink, 1)
	s, err := to.Subscribe(topic, got)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	for b.Loop() {
		p, _ := app.NewPublication(topic, conn.Binary, make([]byte, 100))
		if _, err := from.Publish(ctx, p); err != nil {
			b.Fatal(err)
		}
		select {
		case <-got:
		case <-time.After(patience):
			b.Fatal("a message didn't come")
		}
	}
}

func dialNATS(b *testing.B, n *natsd) *nats.Conn {
	c, err := nats.Connect(n.url())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(c.Close)
	return c
}

func joinFor(b *testing.B, n *natsd) *cluster.Cluster {
	c, err := cluster.New(quick(n.url()))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(c.Close)
	return c
}
