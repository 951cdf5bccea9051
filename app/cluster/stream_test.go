package cluster_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/app/cluster"
)

// What a Retention makes of a stream.
func TestStreamOfRetention(t *testing.T) {
	t.Parallel()
	type want struct {
		label       string // between the application's name and the shard
		perTopic    int64
		age         time.Duration
		bytes       int64
		discard     jetstream.DiscardPolicy
		deduplicate time.Duration
	}
	const gib = 1 << 30
	for name, tt := range map[string]struct {
		retain app.Retention
		want   want
	}{
		"number":     {app.Retention{MaxMessages: 10}, want{"n10", 11, 0, gib, jetstream.DiscardNew, 2 * time.Minute}},
		"age":        {app.Retention{MaxAge: time.Hour}, want{"n1000t3600000", 1001, time.Hour, gib, jetstream.DiscardNew, 2 * time.Minute}},
		"age-only":   {app.Retention{MaxAge: time.Hour, MaxMessages: -1}, want{"t3600000", -1, time.Hour, gib, jetstream.DiscardNew, 2 * time.Minute}},
		"short":      {app.Retention{MaxAge: time.Second}, want{"n1000t1000", 1001, time.Second, gib, jetstream.DiscardNew, time.Second}},
		"bytes":      {app.Retention{MaxBytes: 5000, MaxMessages: -1}, want{"b5000", -1, 0, 5000, jetstream.DiscardOld, 2 * time.Minute}},
		"everything": {app.Retention{MaxMessages: -1, MaxBytes: -1}, want{"all", -1, 0, gib, jetstream.DiscardNew, 2 * time.Minute}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := cluster.Config{Name: "app", Replicas: 3, Retain: func(string) app.Retention { return tt.retain }}
			c, ok := cluster.StreamOf(cfg, "room:7")
			if !ok {
				t.Fatal("nothing is kept")
			}
			label, shard, _ := strings.Cut(strings.TrimPrefix(c.Name, "app-"), "-")
			got := want{label, c.MaxMsgsPerSubject, c.MaxAge, c.MaxBytes, c.Discard, c.Duplicates}
			if got != tt.want {
				t.Errorf("stream of %+v:\n got %+v\nwant %+v", tt.retain, got, tt.want)
			}
			if c.Replicas != 3 || c.Storage != jetstream.FileStorage || !c.DenyDelete || !c.AllowDirect {
				t.Errorf("%d replicas, storage %v, deny delete %t, direct %t", c.Replicas, c.Storage, c.DenyDelete, c.AllowDirect)
			}
			if want := "app.h." + label + "-" + shard + ".*"; len(c.Subjects) != 1 || c.Subjects[0] != want || c.RePublish.Source != want {
				t.Errorf("subjects %q, republished from %q, want %q", c.Subjects, c.RePublish.Source, want)
			}
		})
	}
	if _, ok := cluster.StreamOf(cluster.Config{}, "room:7"); ok {
		t.Error("something is kept without a Retention")
	}
}

// Topics are spread over all shards, and each stays where it is.
func TestShards(t *testing.T) {
	t.Parallel()
	for _, shards := range []int{0, 1, 7} {
		cfg := cluster.Config{Shards: shards, InMemory: true, Retain: func(string) app.Retention { return app.Retention{MaxMessages: 1} }}
		topics := make(map[string]int)
		for i := range 1000 {
			topic := fmt.Sprint("topic ", i)
			c, _ := cluster.StreamOf(cfg, topic)
			if again, _ := cluster.StreamOf(cfg, topic); again.Name != c.Name {
				t.Errorf("%s is in %s, and in %s", topic, c.Name, again.Name)
			}
			if topics[c.Name]++; c.Storage != jetstream.MemoryStorage {
				t.Errorf("%s isn't in memory", c.Name)
			}
		}
		n := shards
		if n == 0 {
			n = 4
		}
		for name, count := range topics {
			if count < 1000/n/2 {
				t.Errorf("%d shards: %d topics in %s", n, count, name)
			}
		}
		if len(topics) != n {
			t.Errorf("%d streams, want %d", len(topics), n)
		}
	}
}
