package console_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/app/console"
	"github.com/godwit-ws/godwit/conn"
)

// snapshot is what the page gets.
type snapshot struct {
	At    int64 `json:"at"`
	Stats struct {
		Conns, Topics                            int
		Accepted, Refused, Dropped, Disconnected int
		In, Out                                  struct{ Messages, Bytes int }
	} `json:"stats"`
	Conns []struct {
		ID, Client, Route, Path string
		Age                     int64
		In, Out                 struct{ Messages, Bytes int }
	} `json:"conns"`
	Topics []struct {
		Name    string
		Members int
	} `json:"topics"`
}

// fresh returns a snapshot that was taken after the call: from a console of its own.
func fresh(t *testing.T, srv *app.Server) (s snapshot) {
	t.Helper()
	decode(t, console.New(srv, console.Config{Allow: everybody}), "/?live", &s)
	return s
}

// eventually takes snapshots until one is as it should be.
func eventually(t *testing.T, srv *app.Server, what string, is func(snapshot) bool) snapshot {
	t.Helper()
	deadline := time.Now().Add(limit)
	for {
		s := fresh(t, srv)
		if is(s) {
			return s
		}
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s: %+v", limit, what, s)
		}
		<-time.After(time.Millisecond)
	}
}

func TestLive(t *testing.T) {
	srv := server(t, app.Config{})
	root := run(t, srv)
	var conns []*conn.Conn
	for _, path := range []string{"/room/1", "/room/2?token=secret", "/room/2"} {
		conns = append(conns, dial(t, root+path))
		eventually(t, srv, "it is there", func(s snapshot) bool { return s.Stats.Conns == len(conns) })
	}
	a, b, c := conns[0], conns[1], conns[2]
	for _, text := range []string{"hello", "你好"} {
		if err := b.WriteText(t.Context(), text); err != nil {
			t.Fatal(err)
		}
		if _, _, err := b.Read(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	s := eventually(t, srv, "three members", func(s snapshot) bool {
		return len(s.Topics) == 2 && s.Topics[0].Members+s.Topics[1].Members == 3
	})
	if s.Stats.Conns != 3 || s.Stats.Topics != 2 || s.Stats.Accepted != 3 || s.Stats.In.Messages != 2 || s.Stats.In.Bytes != 11 || s.Stats.Out != s.Stats.In {
		t.Errorf("figures %+v", s.Stats)
	}
	if len(s.Conns) != 3 {
		t.Fatalf("%d connections", len(s.Conns))
	}
	for i, ws := range []*conn.Conn{c, b, a} { // the newest first
		if got := s.Conns[i].Client; got != ws.LocalAddr().String() {
			t.Errorf("connection %d is of %s, want %s", i, got, ws.LocalAddr())
		}
	}
	got := s.Conns[1]
	if _, known := srv.Conn(got.ID); !known || got.Route != "/room/{int:id}" || got.Path != "/room/2" || got.In.Messages != 2 || got.Out.Bytes != 11 || got.Age < 0 {
		t.Errorf("the second connection is %+v", got)
	}
	if s.Topics[0].Name != "2" || s.Topics[0].Members != 2 || s.Topics[1].Name != "1" {
		t.Errorf("topics %+v, want the larger first", s.Topics)
	}
	a.Abort()
	eventually(t, srv, "one has left", func(s snapshot) bool { return s.Stats.Conns == 2 && len(s.Conns) == 2 && len(s.Topics) == 1 })
}

// TestLiveBounds has more connections and topics than are shown.
func TestLiveBounds(t *testing.T) {
	srv := server(t, app.Config{})
	root := run(t, srv)
	const n = 2*console.MaxRows + 7
	for i := range n {
		dial(t, fmt.Sprintf("%s/room/%d", root, i))
	}
	s := eventually(t, srv, "all have joined", func(s snapshot) bool { return s.Stats.Topics == n })
	if len(s.Conns) != console.MaxRows || len(s.Topics) != console.MaxRows || s.Stats.Conns != n {
		t.Errorf("%d connections and %d topics of %d", len(s.Conns), len(s.Topics), s.Stats.Conns)
	}
	long := dial(t, root+"/room/"+fmt.Sprintf("%0300d", 7))
	s = eventually(t, srv, "the newest is the first", func(s snapshot) bool { return s.Conns[0].Client == long.LocalAddr().String() })
	if got := len(s.Conns[0].Path); got != 200 {
		t.Errorf("%d bytes of the path are shown", got)
	}
}

// TestLiveIsShared lets many look on: the figures are taken twice a second at most.
func TestLiveIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := server(t, app.Config{})
		c := console.New(srv, console.Config{Allow: everybody})
		taken := func() (times []int64) {
			for range 3 {
				var s snapshot
				decode(t, c, "/?live", &s)
				times = append(times, s.At)
			}
			return times
		}
		var got [][]int64
		for _, pause := range []time.Duration{0, 499 * time.Millisecond, time.Millisecond, time.Second} {
			time.Sleep(pause)
			got = append(got, taken())
		}
		want := [][]int64{{0, 0, 0}, {0, 0, 0}, {500, 500, 500}, {1500, 1500, 1500}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("taken at, in ms (-want +got):\n%s", diff)
		}
	})
}

func TestLiveAtOnce(t *testing.T) {
	srv := server(t, app.Config{})
	root := run(t, srv)
	c := console.New(srv, console.Config{Allow: everybody})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 50 {
			ws, err := conn.Dial(context.Background(), fmt.Sprintf("%s/room/%d", root, i))
			if err == nil {
				ws.Abort()
			}
		}
	}()
	for range 50 {
		if w := get(c, "/?live", nil); w.Code != 200 {
			t.Errorf("status %d", w.Code)
		}
		fresh(t, srv)
	}
	<-done
}
