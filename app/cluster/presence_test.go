package cluster_test

import (
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// buckets returns what a node has at NATS for presence.
func buckets(t *testing.T, nc *nats.Conn, name string) (leases, members jetstream.KeyValue) {
	t.Helper()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	if leases, err = js.KeyValue(ctx, name+"-nodes"); err != nil {
		t.Fatal(err)
	}
	if members, err = js.KeyValue(ctx, name+"-members"); err != nil {
		t.Fatal(err)
	}
	return leases, members
}

// keys returns the keys of members that begin like that.
func keys(members jetstream.KeyValue, prefix string) (all []string) {
	list, err := members.ListKeys(ctx)
	if err != nil {
		return []string{err.Error()}
	}
	for key := range list.Keys() {
		if strings.HasPrefix(key, prefix) {
			all = append(all, key)
		}
	}
	return all
}

// A node that begins finds the members of one that died while no other was there, and
// leaves those of one alone that lives, though it hasn't heard of it.
func TestOrphans(t *testing.T) {
	t.Parallel()
	cfg := together(t)
	cfg.Lease = 500 * time.Millisecond
	first := join(t, cfg)
	leases, members := buckets(t, first.NATS(), cfg.Name)
	for _, node := range []string{"ghost", "quiet"} {
		for _, key := range []string{"node." + node, node + ".x.c1", node + ".y.c2"} {
			if _, err := members.Put(ctx, key, []byte("{}")); err != nil {
				t.Fatal(err)
			}
		}
	}
	renew := func() {
		if _, err := leases.Put(ctx, "quiet", nil); err != nil {
			t.Error(err)
		}
	}
	renew()
	second := join(t, cfg)
	eventually(t, "the dead node's members are gone", func() bool { renew(); return len(keys(members, "ghost.")) == 0 })
	eventually(t, "and so is its mark", func() bool { renew(); return len(keys(members, "node.ghost")) == 0 })
	if got := keys(members, "quiet."); len(got) != 2 {
		t.Errorf("of the living node there are %q", got)
	}
	if n := len(second.Nodes()); n != 3 {
		t.Errorf("%d nodes live, want this one, the first and the quiet one", n)
	}
}

// A node that was taken for dead writes its members again.
func TestPurgedByMistake(t *testing.T) {
	t.Parallel()
	cfg := together(t)
	a, b := join(t, cfg), join(t, cfg)
	listen(t, a.url, "x", "", false)
	l := listen(t, b.url, "x", "", false)
	both := func() bool { m, err := l.Members(ctx, "x"); return err == nil && len(m) == 2 }
	eventually(t, "both are there", both)
	js, err := jetstream.New(a.NATS())
	if err != nil {
		t.Fatal(err)
	}
	stream, err := js.Stream(ctx, "KV_"+cfg.Name+"-members")
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Purge(ctx, jetstream.WithPurgeSubject("$KV."+cfg.Name+"-members."+a.Node()+".>")); err != nil {
		t.Fatal(err)
	}
	if both() {
		t.Fatal("nothing was removed")
	}
	told := &nats.Msg{Subject: cfg.Name + ".n." + a.Node(), Header: nats.Header{"Gw-Request": {`{"do":"renew"}`}}}
	if err := b.NATS().PublishMsg(told); err != nil {
		t.Fatal(err)
	}
	eventually(t, "both are there again", both)
}
