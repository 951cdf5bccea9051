package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nuid"

	"github.com/godwit-ws/godwit/app/client"
	"github.com/godwit-ws/godwit/conn"
)

// checker has clients publish, each its numbers one after the other, and knows which
// were acknowledged, and when.
type checker struct {
	salt string // of this one's messages, in front of their identities

	mu    sync.Mutex // guards the fields below
	begun map[string]time.Time
	acked map[string]time.Time
	last  map[string]int // by publisher: how many were acknowledged
}

func newChecker() *checker {
	return &checker{salt: nuid.Next(), begun: make(map[string]time.Time), acked: make(map[string]time.Time), last: make(map[string]int)}
}

// pace is how long a publisher rests between messages, so that others get to run.
const pace = time.Millisecond

// publish publishes until ctx ends, each number until it is acknowledged.
func (k *checker) publish(ctx context.Context, c *client.Client, name string) {
	for i := 0; ctx.Err() == nil; i++ {
		id := fmt.Sprint(name, ":", i)
		k.begin(id)
		for ctx.Err() == nil {
			attempt, cancel := context.WithTimeout(ctx, 20*time.Second)
			_, err := c.PublishWith(attempt, "kept", client.JSON(id), client.Publication{Once: k.salt + id})
			cancel()
			if err == nil {
				k.acknowledged(name, id)
				break
			}
			if _, refused := errors.AsType[*client.RequestError](err); !refused && !errors.Is(err, client.ErrBroken) && ctx.Err() == nil {
				return
			}
			wait(ctx, 20*time.Millisecond)
		}
		wait(ctx, pace)
	}
}

func (k *checker) begin(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.begun[id] = time.Now()
}

func (k *checker) acknowledged(name, id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.acked[id] = time.Now()
	k.last[name]++
}

func (k *checker) count() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.acked)
}

// goesOn waits until n publishers have got further.
func (k *checker) goesOn(t *testing.T, n int) {
	t.Helper()
	k.mu.Lock()
	before := maps.Clone(k.last)
	k.mu.Unlock()
	eventually(t, fmt.Sprint(n, " publishers go on"), func() bool {
		k.mu.Lock()
		defer k.mu.Unlock()
		further := 0
		for name, last := range k.last {
			if last >= before[name]+5 {
				further++
			}
		}
		return further >= n
	})
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// check compares what listeners saw with what was acknowledged: everything, once, each
// publisher's in order, in one order for all that keeps to the clock, and no gap.
func (k *checker) check(t *testing.T, listeners []*listener) {
	t.Helper()
	k.mu.Lock()
	acked := slices.Collect(maps.Keys(k.acked))
	k.mu.Unlock()
	for i, l := range listeners {
		eventually(t, fmt.Sprintf("listener %d has all %d acknowledged messages", i, len(acked)), func() bool {
			seen := make(map[string]bool)
			for _, id := range l.all() {
				seen[strings.Trim(id, `"`)] = true
			}
			return !slices.ContainsFunc(acked, func(id string) bool { return !seen[id] })
		})
	}
	first := listeners[0].all()
	for i, l := range listeners {
		all := l.all()
		if err := k.judge(all); err != nil {
			t.Errorf("listener %d: %v", i, err)
		}
		if n := min(len(first), len(all)); !slices.Equal(first[:n], all[:n]) {
			t.Errorf("listeners 0 and %d saw different orders", i)
		}
	}
}

// wantAll complains of what was acknowledged and not seen.
func (k *checker) wantAll(t *testing.T, seen []string) {
	t.Helper()
	k.mu.Lock()
	defer k.mu.Unlock()
	has := make(map[string]bool)
	for _, id := range seen {
		has[id] = true
	}
	for id := range k.acked {
		if !has[id] {
			t.Errorf("%s was acknowledged, and not seen", id)
		}
	}
}

// judge finds what one listener must not have seen.
func (k *checker) judge(seen []string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	next := make(map[string]int)
	var newest time.Time // when what was seen until now was begun, at the latest
	for _, text := range seen {
		id := strings.Trim(text, `"`)
		begun, known := k.begun[id]
		if !known {
			return fmt.Errorf("saw %s", id) // a gap, or an error
		}
		name, digits, _ := strings.Cut(id, ":")
		if want := fmt.Sprint(next[name]); digits != want {
			return fmt.Errorf("saw %s where %s was next", id, want)
		}
		next[name]++
		if at, ok := k.acked[id]; ok && at.Before(newest) {
			return fmt.Errorf("saw %s behind one that was begun after its acknowledgement", id)
		}
		if begun.After(newest) {
			newest = begun
		}
	}
	return nil
}

// A checker that finds nothing is worth nothing: it finds each thing that can be wrong.
func TestChecker(t *testing.T) {
	t.Parallel()
	k := newChecker()
	for _, id := range []string{"a:0", "b:0", "a:1"} {
		k.begin(id)
		k.acknowledged(id[:1], id)
	}
	for name, tt := range map[string]struct {
		seen string
		err  string // part of it
	}{
		"right":       {"a:0 b:0 a:1", ""},
		"twice":       {"a:0 b:0 a:0 a:1", "saw a:0 where 1 was next"},
		"lost":        {"b:0 a:1", "saw a:1 where 0 was next"},
		"gap":         {"a:0 gap b:0 a:1", "saw gap"},
		"exchanged":   {"a:1 b:0 a:0", "saw a:1 where 0 was next"},
		"not-by-time": {"b:0 a:0 a:1", "saw a:0 behind one"},
	} {
		t.Run(name, func(t *testing.T) {
			err := k.judge(strings.Fields(tt.seen))
			if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("judge(%s) = %v, want %q", tt.seen, err, tt.err)
			}
		})
	}
}

// impatient is a client that soon notices that a line is dead.
func impatient(url string) client.Config {
	return client.Config{
		URL: url, MinWait: 20 * time.Millisecond, MaxWait: 200 * time.Millisecond, Timeout: 2 * time.Second,
		Dialer: &conn.Dialer{
			Subprotocols: []string{client.Subprotocol},
			Config:       conn.Config{PingInterval: time.Second, PongTimeout: 2 * time.Second},
		},
	}
}

// runFaults has a client publish and another listen on each node while faults happen,
// then checks what all saw, and that everybody agrees on who is there.
func runFaults(t *testing.T, urls []string, faults func(ctx context.Context, k *checker)) {
	t.Helper()
	var listeners []*listener
	for _, url := range urls {
		listeners = append(listeners, listen(t, url, "kept", "", false))
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	k := newChecker()
	var publishers sync.WaitGroup
	for i, url := range urls {
		c, err := client.New(impatient(url))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		publishers.Go(func() { k.publish(ctx, c, fmt.Sprint("p", i)) })
	}
	k.goesOn(t, len(urls))
	faults(ctx, k)
	k.goesOn(t, len(urls))
	stop()
	publishers.Wait()
	k.check(t, listeners)
	t.Logf("%d messages were acknowledged", k.count())
	agree(t, listeners)
}

// agree waits until each listener is told of all of them, and of nobody else.
func agree(t *testing.T, listeners []*listener) {
	t.Helper()
	var got [][]string
	eventually(t, "everybody agrees on who is there", func() bool {
		got = nil
		for _, l := range listeners {
			short, cancel := context.WithTimeout(context.Background(), time.Second)
			m, err := l.Members(short, "kept")
			cancel()
			if err != nil {
				return false
			}
			var ids []string
			for _, m := range m {
				ids = append(ids, m.Node+"."+m.ID)
			}
			slices.Sort(ids)
			got = append(got, ids)
		}
		return !slices.ContainsFunc(got, func(ids []string) bool { return len(ids) != len(listeners) || !slices.Equal(ids, got[0]) })
	})
}
