package app_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/store"
	"github.com/google/go-cmp/cmp"
)

// filled returns a node with n messages, numbered from 0.
func filled(t *testing.T, s store.Store, n int) *app.Node {
	t.Helper()
	for i := range n {
		if err := s.Append(t.Context(), []byte(sent(fmt.Sprint(i)))); err != nil {
			t.Fatal(err)
		}
	}
	return app.NewNode(app.NodeConfig{Store: s})
}

// A message is gone when the loop's body is done with it, and comes again when that
// panics.
func TestNodeMessages(t *testing.T) {
	onEachStore(t, func(t *testing.T, s store.Store) {
		n := filled(t, s, 4)
		var got []string
		for m, err := range n.Messages(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			if stats := s.Stats(); stats.Taken != 1 {
				t.Errorf("%d messages are lent out", stats.Taken)
			}
			if got = append(got, m.Text()); len(got) == 2 {
				break
			}
		}
		func() {
			defer func() { recover() }()
			for range n.Messages(t.Context()) {
				panic("in the body")
			}
		}()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var last error
		for m, err := range n.Messages(ctx) {
			if last = err; err == nil {
				got = append(got, m.Text())
			}
			if len(got) == 4 {
				cancel()
			}
		}
		if diff := cmp.Diff([]string{"0", "1", "2", "3"}, got); diff != "" || !errors.Is(last, context.Canceled) {
			t.Errorf("ended with %v, took (-want +got):\n%s", last, diff)
		}
	})
}

func TestNodeWaitMessage(t *testing.T) {
	s := store.NewMemory(store.Config{})
	n := filled(t, s, 0)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if m, err := n.WaitMessage(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%+v, %v", m, err)
	}
	got := make(chan app.NodeMessage, 1)
	go func() {
		m, err := n.WaitMessage(context.Background())
		if err != nil {
			t.Error(err)
		}
		got <- m
	}()
	if err := s.Append(t.Context(), []byte(sent("late"))); err != nil {
		t.Fatal(err)
	}
	if m := <-got; m.Text() != "late" {
		t.Errorf("%+v", m)
	}
	s.Close()
	if _, err := n.WaitMessage(t.Context()); !errors.Is(err, store.ErrClosed) {
		t.Errorf("of a closed store: %v", err)
	}
	for _, err := range n.Messages(t.Context()) {
		if !errors.Is(err, store.ErrClosed) {
			t.Errorf("of a closed store: %v", err)
		}
	}
}

// A message of another hand is delivered, whatever it is, and nothing of it is lost.
func TestNodeMessageOfAnotherHand(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want app.NodeMessage
	}{
		{`{}`, app.NodeMessage{}},
		{`{"a":1}`, app.NodeMessage{Extra: map[string]json.RawMessage{"a": json.RawMessage("1")}}},
		{`{"处理类型":5,"时间":"now","对方端口":"80","数据内容":null,"对方IP":"h"}`, app.NodeMessage{
			PeerIP: "h", Content: json.RawMessage("null"),
			Extra: map[string]json.RawMessage{"处理类型": json.RawMessage("5"), "时间": json.RawMessage(`"now"`), "对方端口": json.RawMessage(`"80"`)},
		}},
	} {
		s := store.NewMemory(store.Config{})
		n := filled(t, s, 0)
		if err := s.Append(t.Context(), []byte(tt.in)); err != nil {
			t.Fatal(err)
		}
		got := waitMessage(t, n)
		got.Seq = 0
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.in, diff)
		}
	}
}

func TestNodeMessageJSON(t *testing.T) {
	m := app.NodeMessage{
		PeerIP: "10.0.0.1", PeerPort: 5, HandleType: "<a>", SubType: "b", Content: json.RawMessage(`{"x":[1.0]}`),
		Time:  time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC),
		Extra: map[string]json.RawMessage{"z": json.RawMessage("1"), "a": json.RawMessage(`"2"`)},
	}
	text, err := m.MarshalJSON()
	want := `{"对方IP":"10.0.0.1","对方端口":5,"处理类型":"<a>","次一级数据类型":"b","数据内容":{"x":[1.0]},"时间":"2026-01-02T03:04:05.000006+00:00","a":"2","z":1}`
	if string(text) != want || err != nil {
		t.Errorf("written as %s, %v\nwant %s", text, err, want)
	}
	var back app.NodeMessage
	if err := json.Unmarshal(text, &back); err != nil || !cmp.Equal(m, back) {
		t.Errorf("read as %+v, %v", back, err)
	}
	if text, err := json.Marshal(app.NodeMessage{}); err != nil || !json.Valid(text) {
		t.Errorf("the zero value is %s, %v", text, err)
	}
	for _, bad := range []string{`[]`, `1`, `"x"`} {
		if err := json.Unmarshal([]byte(bad), &back); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
	if err := m.Decode(new(string)); err == nil {
		t.Error("an object was decoded into a string")
	}
	if got := m.Text(); got != `{"x":[1.0]}` {
		t.Errorf("Text() = %s", got)
	}
}
