package app_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
)

// publish publishes a text and returns its position.
func publish(t *testing.T, b app.Broker, topic, text string) app.Position {
	t.Helper()
	p, err := app.NewPublication(topic, conn.Text, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	r, err := b.Publish(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return r.Position
}

// replay reads all that is behind a position, in pages, and returns it as one line:
// a ! for each gap, then the texts.
func replay(t *testing.T, b app.Broker, topic string, after app.Position, page int) (line string, end app.Position) {
	t.Helper()
	var words []string
	for {
		r, err := b.History(t.Context(), topic, after, page)
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Publications) > page {
			t.Fatalf("%d messages on a page of %d", len(r.Publications), page)
		}
		if r.Gap {
			words = append(words, "!")
		}
		for _, p := range r.Publications {
			words = append(words, string(p.Payload()))
		}
		after = r.End
		if !r.More {
			return strings.Join(words, " "), after
		}
	}
}

func retain(r app.Retention) func(string) app.Retention {
	return func(string) app.Retention { return r }
}

// What history there is after ten messages of two bytes, one a second.
func TestMemoryRetention(t *testing.T) {
	tests := map[string]struct {
		retain     app.Retention
		from, then string // after the messages 4 and, an hour later, 9
		all        string // of an older epoch
	}{
		"none":          {app.Retention{}, "!", "!", "!"},
		"last-three":    {app.Retention{MaxMessages: 3}, "! m7 m8 m9", "", "! m7 m8 m9"},
		"just-enough":   {app.Retention{MaxMessages: 5}, "m5 m6 m7 m8 m9", "", "! m5 m6 m7 m8 m9"},
		"three-seconds": {app.Retention{MaxAge: 2500 * time.Millisecond}, "! m7 m8 m9", "", "!"},
		"seven-bytes":   {app.Retention{MaxBytes: 7}, "! m7 m8 m9", "", "! m7 m8 m9"},
		"all-limits":    {app.Retention{MaxMessages: 4, MaxBytes: 100, MaxAge: time.Minute}, "! m6 m7 m8 m9", "", "!"},
		"no-limits": {app.Retention{MaxMessages: -1, MaxBytes: -1}, "m5 m6 m7 m8 m9", "",
			"! m0 m1 m2 m3 m4 m5 m6 m7 m8 m9"},
	}
	for name, tt := range tests {
		for _, page := range []int{1, 2, 100} {
			t.Run(fmt.Sprintf("%s/page=%d", name, page), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b := app.NewMemoryBroker(app.MemoryConfig{Retain: retain(tt.retain)})
					var at []app.Position
					for i := range 10 {
						if i > 0 {
							time.Sleep(time.Second)
						}
						at = append(at, publish(t, b, "x", fmt.Sprint("m", i)))
					}
					if got, _ := replay(t, b, "x", at[4], page); got != tt.from {
						t.Errorf("behind the fifth: %q, want %q", got, tt.from)
					}
					time.Sleep(time.Hour)
					if got, end := replay(t, b, "x", at[9], page); got != tt.then || end != at[9] {
						t.Errorf("behind the last: %q up to %v, want %q up to %v", got, end, tt.then, at[9])
					}
					if got, _ := replay(t, b, "x", app.Position{Epoch: "old", Seq: 4}, page); got != tt.all {
						t.Errorf("another epoch: %q, want %q", got, tt.all)
					}
				})
			})
		}
	}
}

// A position ahead of the history is one of another life of it.
func TestMemoryPositionAhead(t *testing.T) {
	b := app.NewMemoryBroker(app.MemoryConfig{Retain: retain(app.Retention{MaxMessages: 9})})
	at := publish(t, b, "x", "a")
	at.Seq++
	if got, _ := replay(t, b, "x", at, 9); got != "! a" {
		t.Errorf("replay = %q", got)
	}
}

// Histories make room for others, those first that were longest without a message; a
// topic whose history went says so.
func TestMemoryMakesRoom(t *testing.T) {
	tests := map[string]app.MemoryConfig{
		"bytes":  {MaxBytes: 4 * 300},
		"topics": {MaxTopics: 4},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			c.Retain = retain(app.Retention{MaxMessages: 100})
			b := app.NewMemoryBroker(c)
			at := make(map[string]app.Position)
			for i := range 100 {
				topic := fmt.Sprint("t", i)
				at[topic] = publish(t, b, topic, "a")
				at["kept"] = publish(t, b, "kept", "b")
				if name == "bytes" && i%2 == 1 {
					publish(t, b, "kept", strings.Repeat("x", 300)) // alone almost everything
				}
			}
			if got, _ := replay(t, b, "t0", at["t0"], 9); got != "!" {
				t.Errorf("the oldest: %q, want a gap", got)
			}
			if got, _ := replay(t, b, "t99", at["t99"], 9); name == "topics" && got != "" {
				t.Errorf("the newest: %q, want nothing missed", got)
			}
			if name == "topics" {
				if got, _ := replay(t, b, "kept", at["kept"], 9); got != "" {
					t.Errorf("the one in use: %q", got)
				}
			}
			if topics, bytes := b.Size(); topics > 5 || name == "bytes" && bytes > 4*300 {
				t.Errorf("%d topics with %d bytes are remembered", topics, bytes)
			}
		})
	}
}

// receiver notes what it is told.
type receiver struct{ got []string }

func (r *receiver) Deliver(p *app.Publication) int {
	r.got = append(r.got, fmt.Sprint(string(p.Payload()), "@", p.Position.Seq, ">", p.Prev))
	return 1
}
func (r *receiver) Gap(app.Position)         { r.got = append(r.got, "gap") }
func (r *receiver) Notify(app.PresenceEvent) { r.got = append(r.got, "presence") }

func TestMemorySubscribe(t *testing.T) {
	for name, keeps := range map[string]bool{"history": true, "none": false} {
		t.Run(name, func(t *testing.T) {
			var c app.MemoryConfig
			if keeps {
				c.Retain = retain(app.Retention{MaxMessages: 9})
			}
			b := app.NewMemoryBroker(c)
			before := publish(t, b, "x", "before")
			var one, two receiver
			first, err := b.Subscribe("x", &one)
			if err != nil || first.Position() != before {
				t.Fatalf("Subscribe: %v, %v; want %v", first.Position(), err, before)
			}
			publish(t, b, "x", "a")
			second, _ := b.Subscribe("x", &two)
			p, _ := app.NewPublication("x", conn.Text, []byte("b"))
			if r, err := b.Publish(context.Background(), p); r.Reached != 2 || err != nil {
				t.Errorf("Publish = %+v, %v; want two reached", r, err)
			}
			first.Close()
			first.Close()
			publish(t, b, "x", "c")
			second.Close()
			publish(t, b, "x", "d")
			want := [][]string{{"a@2>1", "b@3>2"}, {"b@3>2", "c@4>3"}}
			if !keeps {
				want = [][]string{{"a@0>0", "b@0>0"}, {"b@0>0", "c@0>0"}}
			}
			if diff := cmp.Diff(want, [][]string{one.got, two.got}); diff != "" {
				t.Errorf("delivered (-want +got):\n%s", diff)
			}
			if topics, _ := b.Size(); keeps != (topics == 1) {
				t.Errorf("%d topics are remembered", topics)
			}
		})
	}
}

func TestNewPublication(t *testing.T) {
	if _, err := app.NewPublication("x", conn.Text, []byte("\xff")); !errors.Is(err, conn.ErrNotUTF8) {
		t.Errorf("text that isn't UTF-8: %v", err)
	}
	in := []byte("data")
	p, err := app.NewPublication("x", conn.Binary, in)
	if err != nil {
		t.Fatal(err)
	}
	in[0] = 'D'
	if p.Opcode() != conn.Binary || string(p.Payload()) != "data" || p.Len() != 4 {
		t.Errorf("publication of %v %q, %d bytes", p.Opcode(), p.Payload(), p.Len())
	}
}
