package app_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
)

// A member whose peer doesn't read gets what its topic's policy says, while another
// gets everything. The first message is always on its way when the others come: in
// memory a write takes until it is read.
func TestSlowConsumer(t *testing.T) {
	tests := map[string]struct {
		policy  app.SlowConsumer
		send    []string // as "key:text"
		reached int      // of the slow one
		dropped uint64
		want    []string
		closed  bool
	}{
		"no-need": {
			app.SlowConsumer{MaxMessages: 3}, []string{":0", ":1", ":2", ":3"}, 4, 0,
			[]string{"0", "1", "2", "3"}, false,
		},
		"disconnect": {
			app.SlowConsumer{MaxMessages: 2}, []string{":0", ":1", ":2", ":3", ":4"}, 3, 1,
			[]string{"0", "1", "2"}, true,
		},
		"drop-newest": {
			app.SlowConsumer{Policy: app.DropNewest, MaxMessages: 2}, []string{":0", ":1", ":2", ":3", ":4"}, 3, 2,
			[]string{"0", "1", "2"}, false,
		},
		"drop-oldest": {
			app.SlowConsumer{Policy: app.DropOldest, MaxMessages: 2}, []string{":0", ":1", ":2", ":3", ":4"}, 5, 2,
			[]string{"0", "3", "4"}, false,
		},
		"keep-latest": {
			app.SlowConsumer{Policy: app.KeepLatest, MaxMessages: 2}, []string{"a:0", "a:1", "b:2", "a:3", "b:4", "a:5"}, 6, 3,
			[]string{"0", "5", "4"}, false,
		},
		"bytes": {
			app.SlowConsumer{Policy: app.DropNewest, MaxBytes: 30}, []string{":0", ":12345", ":67890", ":x"}, 3, 1,
			[]string{"0", "12345", "67890"}, false,
		},
		"block": {
			app.SlowConsumer{Policy: app.Block, MaxWait: time.Minute}, []string{":0", ":1"}, 2, 0,
			[]string{"0", "1"}, false,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			add := func(t *testing.T, r *app.Router) { route(t, r, "/", newMember) }
			cfg := app.Config{SlowConsumer: tt.policy, Limits: conn.Config{WriteTimeout: -1}}
			inBubble(t, cfg, add, func(t *testing.T, s *app.Server, connect func(string) *client) {
				slow, quick := connect("/"), connect("/")
				slow.do("name slow", "name 0")
				slow.do("join x", "join 0")
				quick.do("join x", "join 0")
				reached := 0
				for _, message := range tt.send {
					key, text := message[:len(message)-len(message[1:])], message[1:]
					if key == ":" {
						key = ""
					} else {
						text = text[1:]
					}
					n, err := s.To("x").Keyed(key).Text(text)
					if err != nil {
						t.Fatal(err)
					}
					reached += n - 1
					quick.want(text)
					synctest.Wait()
				}
				if st := s.Stats(); reached != tt.reached || st.Dropped != tt.dropped {
					t.Errorf("reached the slow one %d times with %d dropped, want %d and %d", reached, st.Dropped, tt.reached, tt.dropped)
				}
				var got []string
				for range tt.want {
					got = append(got, slow.read())
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("the slow one got (-want +got):\n%s", diff)
				}
				if tt.closed {
					slow.wantEnd(conn.CodeTryAgainLater, "too many messages wait")
					if n := s.Stats().Disconnected; n != 1 {
						t.Errorf("%d disconnected, want 1", n)
					}
					return
				}
				slow.do("topics", "x")
			})
		})
	}
}

// Block gives a message up after MaxWait, and nobody is disconnected.
func TestSlowConsumerBlockGivesUp(t *testing.T) {
	add := func(t *testing.T, r *app.Router) { route(t, r, "/", newMember) }
	cfg := app.Config{
		SlowConsumer: app.SlowConsumer{Policy: app.Block, MaxWait: time.Minute},
		Limits:       conn.Config{WriteTimeout: -1, MaxQueued: 1},
	}
	inBubble(t, cfg, add, func(t *testing.T, s *app.Server, connect func(string) *client) {
		c := connect("/")
		c.do("join x", "join 0")
		synctest.Wait() // for the end of the write of this answer
		start := time.Now()
		for i, want := range []int{1, 1, 0} { // one is on its way, one waits, for a third there is no room
			if n, err := s.To("x").Text(fmt.Sprint(i)); n != want || err != nil {
				t.Errorf("message %d reached %d, %v; want %d", i, n, err, want)
			}
		}
		if took := time.Since(start); took != 2*time.Minute { // the first write and the third message
			t.Errorf("publishing took %v, want 2m", took)
		}
		if st := s.Stats(); st.Dropped != 1 || st.Disconnected != 0 {
			t.Errorf("Stats = %+v, want one dropped", st)
		}
		c.want("0", "1")
		c.do("topics", "x")
	})
}

func TestTopicPolicy(t *testing.T) {
	cfg := app.Config{
		TopicPolicy: func(topic string) app.SlowConsumer {
			if topic == "prices" {
				return app.SlowConsumer{Policy: app.KeepLatest}
			}
			return app.SlowConsumer{MaxMessages: 1}
		},
		Limits: conn.Config{WriteTimeout: -1},
	}
	ends := make(chan *app.CloseError, 1)
	join := func(c *app.Conn) error { return errors.Join(c.Join("prices"), c.Join("news")) }
	add := func(t *testing.T, r *app.Router) {
		route(t, r, "/", func() any { return &watcher{open: join, ends: ends} })
	}
	inBubble(t, cfg, add, func(t *testing.T, s *app.Server, connect func(string) *client) {
		c := connect("/")
		synctest.Wait()
		for i := range 100 {
			if n, err := s.To("prices").Keyed("gold").Text(fmt.Sprint(i)); n != 1 || err != nil {
				t.Fatalf("price %d reached %d, %v", i, n, err)
			}
			synctest.Wait()
		}
		s.To("news").Text("too much")
		c.want("0", "99")
		c.wantEnd(conn.CodeTryAgainLater, "too many messages wait")
		if e := <-ends; !errors.Is(e, conn.ErrOverflow) {
			t.Errorf("OnClose got %v, want ErrOverflow", e)
		}
	})
}
