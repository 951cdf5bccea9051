package conn_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
)

// transports are those that Post is to work over, with and without a socket it can
// try.
var transports = map[string]transport{"tcp": overTCP, "unix": overUnix, "tls": overTLS, "memory": overMemory}

// Several post at once to peers that read, in both directions: nothing is lost, and
// each sender's messages come in order.
func TestPostFromMany(t *testing.T) {
	const senders, each = 3, 200
	for name, open := range transports {
		for _, compressed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/compressed=%t", name, compressed), func(t *testing.T) {
				cfg := conn.Config{Compression: conn.Compression{Enabled: compressed, Threshold: -1}}
				s, c, _ := open(t, cfg, cfg)
				defer s.Abort()
				defer c.Abort()
				var group sync.WaitGroup
				for _, ends := range [][2]*conn.Conn{{s, c}, {c, s}} {
					from, to := ends[0], ends[1]
					for i := range senders {
						group.Go(func() {
							for n := range each {
								m := prepared(t, fmt.Sprintf("%d %d %d", i, n, make([]byte, n)))
								if dropped, err := from.Post(m, conn.Posting{MaxMessages: -1, MaxBytes: -1}); dropped != 0 || err != nil {
									t.Errorf("Post = %d, %v", dropped, err)
								}
							}
						})
					}
					group.Go(func() {
						var next [senders]int
						for range senders * each {
							_, p, err := to.Read(context.Background())
							var i, n int
							fmt.Sscan(string(p), &i, &n)
							if err != nil || n != next[i] {
								t.Errorf("sender %d: message %d, want %d (%v)", i, n, next[i], err)
								return
							}
							next[i]++
						}
					})
				}
				within(t, "Post", group.Wait)
			})
		}
	}
}

// A peer that doesn't read is dropped by OverflowClose over any transport, and one
// that reads after all gets the latest.
func TestPostToASlowPeer(t *testing.T) {
	noise := make([]byte, 100_000)
	rand.Read(noise)
	m, err := conn.NewPrepared(conn.Binary, noise)
	if err != nil {
		t.Fatal(err)
	}
	for name, open := range transports {
		t.Run(name+"/close", func(t *testing.T) {
			s, c, _ := open(t, conn.Config{CloseTimeout: 1}, conn.Config{})
			defer s.Abort()
			defer c.Abort()
			within(t, "the end", func() {
				for err == nil {
					_, err = s.Post(m, conn.Posting{MaxMessages: 10})
				}
				<-s.Context().Done()
			})
			wantEnd(t, s.Err(), frame.CodeTryAgainLater, false, conn.ErrOverflow)
			err = nil
		})
		t.Run(name+"/latest", func(t *testing.T) {
			s, c, _ := open(t, conn.Config{}, conn.Config{})
			defer s.Abort()
			defer c.Abort()
			for replaced := false; !replaced; {
				dropped, err := s.Post(m, conn.Posting{Overflow: conn.KeepLatest})
				if err != nil {
					t.Fatal(err)
				}
				replaced = dropped > 0
			}
			if n, err := s.Post(prepared(t, "latest"), conn.Posting{Overflow: conn.KeepLatest}); n > 1 || err != nil {
				t.Errorf("Post = %d, %v", n, err)
			}
			within(t, "the latest", func() {
				for op := conn.Binary; op != conn.Text; {
					var p []byte
					var err error
					if op, p, err = c.Read(context.Background()); err != nil || op == conn.Text && string(p) != "latest" {
						t.Errorf("Read = %.20q, %v", p, err)
						return
					}
				}
			})
		})
	}
}

// A peer that has gone away is found out, by whoever posts or reads.
func TestPostToALostPeer(t *testing.T) {
	for name, open := range transports {
		t.Run(name, func(t *testing.T) {
			s, c, _ := open(t, conn.Config{}, conn.Config{})
			c.Abort()
			m := prepared(t, "m")
			within(t, "the end", func() {
				for {
					if _, err := s.Post(m, conn.Posting{MaxMessages: -1}); err != nil {
						if !errors.Is(err, conn.ErrClosed) {
							t.Errorf("Post = %v", err)
						}
						return
					}
				}
			})
		})
	}
}

// BenchmarkPost is a broadcast by one goroutine to idle connections over loopback
// TCP: ns/post is the time of one Post, the rest of an operation that of the clients
// who then read.
func BenchmarkPost(b *testing.B) {
	const n = 100
	for _, size := range []int{125, 16 << 10} {
		b.Run(fmt.Sprintf("conns=%d/size=%d", n, size), func(b *testing.B) {
			m, err := conn.NewPrepared(conn.Binary, make([]byte, size))
			if err != nil {
				b.Fatal(err)
			}
			var servers, clients [n]*conn.Conn
			for i := range n {
				servers[i], clients[i] = pair(b, conn.Config{})
			}
			dst := make([]byte, 0, size+1)
			var posting time.Duration
			b.ReportAllocs()
			for b.Loop() {
				start := time.Now()
				for _, c := range servers {
					if dropped, err := c.Post(m, conn.Posting{}); dropped > 0 || err != nil {
						b.Fatal(dropped, err)
					}
				}
				posting += time.Since(start)
				for _, c := range clients {
					if _, _, err := c.ReadInto(context.Background(), dst); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(posting.Nanoseconds())/float64(b.N*n), "ns/post")
		})
	}
}

// BenchmarkPostBehind is a message posted to a connection whose peer doesn't read,
// by what then gives way.
func BenchmarkPostBehind(b *testing.B) {
	for _, bench := range []struct {
		name string
		p    conn.Posting
	}{
		{"drop-newest", conn.Posting{Overflow: conn.DropNewest}},
		{"drop-oldest", conn.Posting{Overflow: conn.DropOldest}},
		{"keep-latest", conn.Posting{Overflow: conn.KeepLatest, Key: "k"}},
	} {
		b.Run("overflow="+bench.name, func(b *testing.B) {
			server, _ := pair(b, conn.Config{WriteTimeout: -1})
			m, err := conn.NewPrepared(conn.Binary, make([]byte, 1000))
			if err != nil {
				b.Fatal(err)
			}
			for dropped := 0; dropped == 0; { // until nothing gets on
				dropped, _ = server.Post(m, bench.p)
			}
			b.ReportAllocs()
			for b.Loop() {
				server.Post(m, bench.p)
			}
		})
	}
}
