package conn_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/internal/memconn"
	"github.com/godwit-ws/godwit/frame"
)

// prepared is a text message for Post.
func prepared(t testing.TB, text string) *conn.Prepared {
	t.Helper()
	m, err := conn.NewPrepared(conn.Text, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// stall has c begin a message that its peer's memory can't hold, so that what
// follows waits until the peer reads.
func stall(t testing.TB, c *conn.Conn) {
	t.Helper()
	plug := make([]byte, 4*memconn.BufferSize)
	rand.Read(plug) // so that it can't be compressed
	m, err := conn.NewPrepared(conn.Binary, plug)
	if err != nil {
		t.Fatal(err)
	}
	if dropped, err := c.Post(m, conn.Posting{}); dropped != 0 || err != nil {
		t.Fatalf("Post = %d, %v", dropped, err)
	}
	synctest.Wait()
}

// texts reads the messages of c until one is "end", past that of stall.
func texts(t testing.TB, c *conn.Conn) (got []string) {
	t.Helper()
	for {
		op, p, err := c.Read(t.Context())
		if err != nil {
			t.Fatalf("Read: %v after %q", err, got)
		}
		switch {
		case op == conn.Binary:
		case string(p) == "end":
			return got
		default:
			got = append(got, string(p))
		}
	}
}

// inBothRoles runs f with a connection and its peer, in either role, with and
// without compression.
func inBothRoles(t *testing.T, cfg conn.Config, f func(t *testing.T, c, peer *conn.Conn)) {
	for _, compressed := range []bool{false, true} {
		for _, role := range []string{"server", "client"} {
			t.Run(fmt.Sprintf("%s/compressed=%t", role, compressed), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					cfg.Compression = conn.Compression{Enabled: compressed, Threshold: 3}
					c, peer := conn.Pipe(cfg, cfg)
					defer func() { c.Abort(); peer.Abort(); synctest.Wait() }()
					if role == "client" {
						c, peer = peer, c
					}
					f(t, c, peer)
				})
			})
		}
	}
}

func ExampleConn_Post() {
	server, client := conn.Pipe(conn.Config{}, conn.Config{})
	defer server.Abort()
	m, err := conn.NewPrepared(conn.Text, []byte("42.1 °C"))
	if err != nil {
		fmt.Println(err)
		return
	}
	// A reading that comes too late is worth nothing: the next one replaces it.
	dropped, err := server.Post(m, conn.Posting{Overflow: conn.KeepLatest, Key: "boiler 7"})
	fmt.Println(dropped, err)
	_, p, _ := client.Read(context.Background())
	fmt.Printf("%s\n", p)
	// Output:
	// 0 <nil>
	// 42.1 °C
}

// Where nothing is being written, a posted message just arrives, and no limit
// applies to a single one.
func TestPost(t *testing.T) {
	inBothRoles(t, conn.Config{MaxQueued: 10}, func(t *testing.T, c, peer *conn.Conn) {
		for _, size := range []int{0, 1, 125, 5000, 100_000} {
			want := strings.Repeat("m", size)
			dropped, err := c.Post(prepared(t, want), conn.Posting{MaxBytes: 1, MaxMessages: 1})
			if dropped != 0 || err != nil {
				t.Fatalf("Post = %d, %v", dropped, err)
			}
			if _, p, err := peer.Read(t.Context()); string(p) != want || err != nil {
				t.Fatalf("Read = %.20q, %v", p, err)
			}
		}
		synctest.Wait()
		if messages, bytes := c.Queued(); messages != 0 || bytes != 0 {
			t.Errorf("Queued = %d, %d", messages, bytes)
		}
	})
}

// step is something sent on a connection whose peer doesn't read.
type step struct {
	text    string
	p       conn.Posting
	write   bool // by Write
	dropped int
}

func post(text string, o conn.Overflow, dropped int) step {
	return step{text: text, p: conn.Posting{Overflow: o, MaxMessages: 3}, dropped: dropped}
}

func keep(text, key string, dropped int) step {
	return step{text: text, p: conn.Posting{Overflow: conn.KeepLatest, Key: key, MaxMessages: 3}, dropped: dropped}
}

func written(text string) step { return step{text: text, write: true} }

// limited is s with a limit in bytes alone.
func limited(s step, maxBytes int) step {
	s.p.MaxBytes, s.p.MaxMessages = maxBytes, -1
	return s
}

func TestPostOverflow(t *testing.T) {
	const newest, oldest = conn.DropNewest, conn.DropOldest
	tests := []struct {
		name  string
		steps []step
		want  string
	}{
		{"room", []step{post("a", newest, 0), post("b", oldest, 0), keep("c", "k", 0)}, "a b c"},
		{"newest", []step{post("a", newest, 0), post("b", newest, 0), post("c", newest, 0), post("d", newest, 1)}, "a b c"},
		{"oldest", []step{post("a", oldest, 0), post("b", oldest, 0), post("c", oldest, 0), post("d", oldest, 1), post("e", oldest, 1)}, "c d e"},
		{"oldest-spares-others", []step{post("a", newest, 0), post("b", oldest, 0), written("c"), post("d", oldest, 1), post("e", oldest, 1)}, "a c e"},
		{"oldest-finds-none", []step{post("a", newest, 0), written("b"), post("c", conn.OverflowClose, 0), post("d", oldest, 1)}, "a b c"},
		{"oldest-takes-kept", []step{keep("a", "k", 0), written("b"), post("c", newest, 0), post("d", oldest, 1)}, "b c d"},
		{"kept-takes-oldest", []step{post("a", oldest, 0), written("b"), post("c", newest, 0), keep("d", "k", 1)}, "b c d"},
		{"kept-is-replaced-with-room", []step{keep("a", "k", 0), keep("b", "k", 1)}, "b"},
		{"kept-is-replaced-in-place", []step{keep("a", "k", 0), written("b"), written("c"), keep("d", "k", 1)}, "d b c"},
		{"kept-by-key", []step{keep("a", "k", 0), keep("b", "l", 0), keep("c", "", 0), keep("d", "l", 1), keep("e", "", 1)}, "a d e"},
		{"kept-again-after-it-gave-way", []step{keep("a", "k", 0), keep("b", "l", 0), keep("c", "m", 0), keep("d", "n", 1), keep("e", "k", 1), keep("f", "n", 1)}, "c f e"},
		{"key-means-nothing-else", []step{
			{text: "a", p: conn.Posting{Overflow: oldest, Key: "k"}}, {text: "b", p: conn.Posting{Overflow: newest, Key: "k"}}, keep("c", "k", 0)}, "a b c"},
		{"no-room-at-all-spares-the-old", []step{keep("a", "k", 0), written("b"), limited(keep("c"+strings.Repeat("c", 50), "k", 1), 60)}, "a b"},
		{"longer-than-what-it-replaces", []step{ // 15 bytes each wait; what is older gives way first
			limited(post("a", oldest, 0), 60), limited(keep("b", "k", 0), 60), limited(post("c", newest, 0), 60), limited(keep(strings.Repeat("d", 41), "k", 2), 60)},
			strings.Repeat("d", 41) + " c"},
		{"too-long-for-its-place", []step{ // so that what it would replace gives way, with all the others
			limited(keep("a", "k", 0), 50), limited(post("b", oldest, 0), 50), limited(keep(strings.Repeat("c", 41), "k", 2), 50)},
			strings.Repeat("c", 41)},
		{"several-for-one", []step{
			limited(post("a", oldest, 0), 45), limited(post("b", oldest, 0), 45), limited(post("c", oldest, 0), 45), limited(post(strings.Repeat("d", 30), oldest, 2), 45)},
			"c " + strings.Repeat("d", 30)},
		{"one-of-any-size", []step{limited(post(strings.Repeat("a", 500), newest, 0), 10), limited(post("b", newest, 1), 10)}, strings.Repeat("a", 500)},
		{"larger-than-all-that-gives-way", []step{limited(post("a", oldest, 0), 50), limited(post(strings.Repeat("b", 500), oldest, 1), 50)}, strings.Repeat("b", 500)},
		{"no-limits", []step{limited(post("a", newest, 0), -1), limited(post(strings.Repeat("b", 5000), newest, 0), -1), limited(post("c", newest, 0), -1)},
			"a " + strings.Repeat("b", 5000) + " c"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBothRoles(t, conn.Config{WriteTimeout: -1}, func(t *testing.T, c, peer *conn.Conn) {
				stall(t, c)
				start := time.Now()
				for i, s := range tt.steps {
					if s.write {
						if err := c.WriteText(t.Context(), s.text); err != nil {
							t.Fatal(err)
						}
						continue
					}
					if dropped, err := c.Post(prepared(t, s.text), s.p); dropped != s.dropped || err != nil {
						t.Errorf("step %d: Post of %.10q = %d, %v; want %d", i, s.text, dropped, err, s.dropped)
					}
				}
				elapsed(t, start, 0)
				want := strings.Fields(tt.want)
				total := 0
				for _, m := range want {
					total += len(m) + frame.MaxHeader
				}
				if messages, bytes := c.Queued(); messages != len(want) || len(want[0]) < 3 && !c.Compressed() && bytes < total {
					t.Errorf("Queued = %d, %d; want %d, %d", messages, bytes, len(want), total)
				}
				go c.WriteText(t.Context(), "end")
				if diff := cmp.Diff(want, texts(t, peer)); diff != "" {
					t.Errorf("arrived (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// The default limits are Config.MaxQueued and 1024 messages.
func TestPostDefaultLimits(t *testing.T) {
	for _, tt := range []struct {
		name string
		cfg  conn.Config
		size int
		want int
	}{
		{"messages", conn.Config{}, 1, 1024},
		{"bytes", conn.Config{MaxQueued: 10_000}, 986, 10},
		{"no-limit-in-bytes", conn.Config{MaxQueued: -1}, 5000, 1024},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inBothRoles(t, tt.cfg, func(t *testing.T, c, _ *conn.Conn) {
				stall(t, c)
				m := prepared(t, strings.Repeat("m", tt.size))
				for range 2 * tt.want {
					if dropped, err := c.Post(m, conn.Posting{Overflow: conn.DropNewest}); err != nil || dropped > 1 {
						t.Fatalf("Post = %d, %v", dropped, err)
					}
				}
				if messages, bytes := c.Queued(); messages != tt.want || bytes != tt.want*(tt.size+14) {
					t.Errorf("Queued = %d, %d; want %d messages of %d bytes", messages, bytes, tt.want, tt.size)
				}
			})
		})
	}
}

// A queue that drops for ever stays small, also behind a message that may not be
// dropped.
func TestPostForEverStaysSmall(t *testing.T) {
	for _, p := range []conn.Posting{
		{Overflow: conn.DropOldest, MaxMessages: 10},
		{Overflow: conn.KeepLatest, MaxMessages: 10},
		{Overflow: conn.KeepLatest, MaxMessages: 10, Key: "one"},
	} {
		inBothRoles(t, conn.Config{WriteTimeout: -1}, func(t *testing.T, c, peer *conn.Conn) {
			stall(t, c)
			c.WriteText(t.Context(), "first")
			for i := range 5_000 {
				if p.Overflow == conn.KeepLatest && p.Key != "one" {
					p.Key = fmt.Sprint(i)
				}
				if _, err := c.Post(prepared(t, fmt.Sprint(i)), p); err != nil {
					t.Fatal(err)
				}
			}
			if n := c.QueueMemory(); n > 16<<10 {
				t.Errorf("the queue takes %d bytes", n)
			}
			go c.WriteText(t.Context(), "end")
			got := texts(t, peer)
			if want := 10; p.Key != "one" && len(got) != want || got[0] != "first" || got[len(got)-1] != "4999" {
				t.Errorf("arrived: %q", got)
			}
		})
	}
}

// Who waits for room in Write goes on when a posted message gives way.
func TestPostMakesRoomForWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, peer := conn.Pipe(conn.Config{MaxQueued: 1000, WriteTimeout: time.Hour}, conn.Config{})
		defer peer.Abort()
		defer c.Abort()
		stall(t, c)
		c.Post(prepared(t, strings.Repeat("m", 900)), conn.Posting{Overflow: conn.KeepLatest})
		done := make(chan error, 1)
		go func() { done <- c.WriteText(t.Context(), strings.Repeat("w", 500)) }()
		synctest.Wait()
		start := time.Now()
		if dropped, err := c.Post(prepared(t, "short"), conn.Posting{Overflow: conn.KeepLatest}); dropped != 1 || err != nil {
			t.Errorf("Post = %d, %v", dropped, err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		elapsed(t, start, 0)
	})
}

func TestPostAfterTheEnd(t *testing.T) {
	inBothRoles(t, conn.Config{}, func(t *testing.T, c, _ *conn.Conn) {
		c.Abort()
		dropped, err := c.Post(prepared(t, "m"), conn.Posting{})
		if dropped != 0 {
			t.Errorf("dropped %d", dropped)
		}
		wantEnd(t, err, frame.CodeAbnormal, false, conn.ErrAborted)
	})
}

// Others may wait in Write and Ping, and a Close be sent, while posts go on; what
// the peer gets is in order, pings are answered.
func TestPostBesidePings(t *testing.T) {
	inBothRoles(t, conn.Config{WriteTimeout: -1}, func(t *testing.T, c, peer *conn.Conn) {
		stall(t, c)
		pinged := make(chan error, 1)
		go func() { _, err := c.Ping(t.Context()); pinged <- err }()
		synctest.Wait()
		for i := range 50 {
			c.Post(prepared(t, fmt.Sprint(i)), conn.Posting{Overflow: conn.DropOldest, MaxMessages: 1})
		}
		c.Post(prepared(t, "end"), conn.Posting{Overflow: conn.DropNewest})
		c.DiscardReads()
		if got := texts(t, peer); !cmp.Equal(got, []string{"49"}) {
			t.Errorf("arrived: %q", got)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		go peer.Read(ctx) // answers
		if err := <-pinged; err != nil && !errors.Is(err, conn.ErrClosed) {
			t.Error(err)
		}
	})
}
