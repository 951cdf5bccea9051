package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/app/cluster"
	"github.com/godwit-ws/godwit/store"
)

// queues returns the same queue as two nodes have it.
func queues(t *testing.T, c cluster.QueueConfig) (a, b *cluster.Queue, nodes [2]*node) {
	t.Helper()
	cfg := together(t)
	var both [2]*cluster.Queue
	for i := range both {
		nodes[i] = join(t, cfg)
		q, err := nodes[i].OpenQueue(ctx, c)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { q.Close() })
		both[i] = q
	}
	return both[0], both[1], nodes
}

func add(t *testing.T, s store.Store, numbers ...int) {
	t.Helper()
	for _, n := range numbers {
		if err := s.Append(ctx, fmt.Appendf(nil, ` {"n": %d}`, n)); err != nil {
			t.Fatal(err)
		}
	}
}

func take(t *testing.T, s store.Store, n int) store.Delivery {
	t.Helper()
	wait, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	d, err := s.Next(wait)
	if want := fmt.Sprintf(`{"n":%d}`, n); string(d.Payload) != want || err != nil {
		t.Fatalf("Next = %s, %v; want %s", d.Payload, err, want)
	}
	return d
}

func TestQueue(t *testing.T) {
	t.Parallel()
	a, b, _ := queues(t, cluster.QueueConfig{MaxMessages: 5, MaxMessageSize: 20})
	if _, err := a.TryNext(); !errors.Is(err, store.ErrEmpty) {
		t.Errorf("TryNext of an empty queue: %v", err)
	}
	add(t, a, 1, 2)
	add(t, b, 3)
	if err := b.AppendAll(ctx, [][]byte{[]byte(`{"n":4}`), []byte(`{"n":5}`)}); err != nil {
		t.Fatal(err)
	}
	if err := a.Append(ctx, []byte(`{"n":6}`)); !errors.Is(err, store.ErrFull) {
		t.Errorf("Append to a full queue: %v", err)
	}
	if err := a.Append(ctx, []byte(`[]`)); !errors.Is(err, store.ErrNotObject) {
		t.Errorf("Append of no object: %v", err)
	}
	if err := a.AppendAll(ctx, [][]byte{[]byte(`{}`), []byte(`{"a":"` + strings.Repeat("x", 20) + `"}`)}); !errors.Is(err, store.ErrTooLarge) {
		t.Errorf("AppendAll of a large one: %v", err)
	}
	var all []string
	for m, err := range a.All() {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(m.Payload))
	}
	if want := []string{`{"n":1}`, `{"n":2}`, `{"n":3}`, `{"n":4}`, `{"n":5}`}; !slices.Equal(all, want) {
		t.Errorf("All = %q", all)
	}
	one, two := take(t, b, 1), take(t, a, 2)
	if s := a.Stats(); s.Waiting != 3 || s.Taken != 2 || b.Len() != 3 {
		t.Errorf("Stats = %+v", s)
	}
	if err := b.Ack(one); err != nil {
		t.Error(err)
	}
	if err := b.Ack(one); !errors.Is(err, store.ErrNotTaken) {
		t.Errorf("a second Ack: %v", err)
	}
	if err := b.Ack(two); !errors.Is(err, store.ErrNotTaken) {
		t.Errorf("Ack of another's: %v", err)
	}
	a.Return(two)
	a.Return(two)
	take(t, b, 2)
	b.Close()
	two = take(t, a, 2) // what the closed one had
	if err := a.Ack(two); err != nil {
		t.Error(err)
	}
	for _, err := range []error{b.Append(ctx, []byte(`{}`)), b.Ack(two), b.Close()} {
		if err != nil && !errors.Is(err, store.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	}
	if _, err := b.Next(ctx); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Next after Close: %v", err)
	}
	short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	for _, n := range []int{3, 4, 5} {
		a.Ack(take(t, a, n))
	}
	if _, err := a.Next(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Next of an empty queue: %v", err)
	}
}

// What a node had taken that died comes to another after the timeout, and not while it
// lives.
func TestQueueTakerDies(t *testing.T) {
	t.Parallel()
	a, b, nodes := queues(t, cluster.QueueConfig{Timeout: 600 * time.Millisecond})
	add(t, a, 1)
	take(t, b, 1)
	wait, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if d, err := a.Next(wait); err == nil {
		t.Fatalf("taken twice: %s", d.Payload)
	}
	nodes[1].NATS().Close()
	take(t, a, 1)
}

func TestQueueDeadLetters(t *testing.T) {
	t.Parallel()
	a, _, nodes := queues(t, cluster.QueueConfig{Name: "jobs", MaxDeliveries: 2})
	add(t, a, 1, 2)
	a.Return(take(t, a, 1))
	a.Return(take(t, a, 1))
	take(t, a, 2)
	js, _ := jetStream(t, nodes[0])
	s, err := js.Stream(ctx, nodes[0].name+"-queue-jobs-dead")
	if err != nil {
		t.Fatal(err)
	}
	if m, err := s.GetMsg(ctx, 1); err != nil || string(m.Data) != `{"n":1}` {
		t.Errorf("dead letter %v, %v", m, err)
	}
}

// Several takers on two nodes get everything, each message one of them.
func TestQueueShared(t *testing.T) {
	t.Parallel()
	a, b, _ := queues(t, cluster.QueueConfig{})
	const n = 200
	seen := make(map[uint64]int)
	var mu sync.Mutex
	taking, stop := context.WithCancel(ctx)
	defer stop()
	var takers sync.WaitGroup
	for _, q := range []*cluster.Queue{a, b, a, b} {
		takers.Go(func() {
			store.Consume(taking, q, func(m store.Message) error {
				mu.Lock()
				defer mu.Unlock()
				if seen[m.Seq]++; len(seen) == n {
					stop()
				}
				return nil
			})
		})
	}
	for i := range n {
		add(t, []store.Store{a, b}[i%2], i)
	}
	takers.Wait()
	for seq, times := range seen {
		if times != 1 {
			t.Errorf("message %d was taken %d times", seq, times)
		}
	}
	if len(seen) != n {
		t.Errorf("%d messages were taken, want %d", len(seen), n)
	}
}

func TestQueueConfig(t *testing.T) {
	t.Parallel()
	n := join(t, together(t))
	if _, err := n.OpenQueue(ctx, cluster.QueueConfig{Name: "a.b"}); !errors.Is(err, cluster.ErrConfig) {
		t.Errorf("OpenQueue: %v", err)
	}
}
