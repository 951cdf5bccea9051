package app_test

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
)

// member is a handler that does what its client says: join T, leave T, say T TEXT,
// others T TEXT, who T, name N.
type member struct{ app.Application }

func (m *member) OnMessage(c *app.Conn, text []byte) error {
	verb, rest, _ := strings.Cut(string(text), " ")
	topic, said, _ := strings.Cut(rest, " ")
	n, err := 0, error(nil)
	switch verb {
	case "join":
		err = c.Join(topic)
	case "leave":
		c.Leave(topic)
	case "say":
		n, err = c.To(topic).Text(said)
	case "others":
		n, err = c.To(topic).Except(c).Text(said)
	case "topics":
		return c.SendText(strings.Join(c.Topics(), ","))
	case "name":
		c.SetPresence(topic)
	case "who":
		var members []app.Member
		members, err = c.Members(topic)
		for _, m := range members {
			said += fmt.Sprint(m.Info, ";")
		}
		if err == nil {
			return c.SendText(said)
		}
	}
	if e, ok := errors.AsType[*app.CloseError](err); ok {
		return e
	}
	if err != nil {
		return c.SendText("error: " + err.Error())
	}
	return c.SendText(fmt.Sprint(verb, " ", n))
}

func newMember() any { return new(member) }

// do sends a command and wants the answers.
func (c *client) do(command string, answers ...string) {
	c.t.Helper()
	c.send(command)
	c.want(answers...)
}

func serveMembers(t *testing.T, c app.Config) (*app.Server, string) {
	return serve(t, c, func(r *app.Router) { route(t, r, "/", newMember) })
}

func TestTopicPublish(t *testing.T) {
	s, url := serveMembers(t, app.Config{})
	a, b, other := dial(t, url), dial(t, url), dial(t, url)
	a.do("join x", "join 0")
	a.do("join x", "join 0") // again: nothing
	b.do("join x", "join 0")
	other.do("join y", "join 0")

	a.do("say x one", "one", "say 2")
	b.want("one")
	a.do("others x two", "others 1")
	b.want("two")
	other.do("say x from outside", "say 2")
	a.want("from outside")
	b.want("from outside")
	a.do("say nobody there", "say 0")

	if diff := cmp.Diff([]app.TopicInfo{{Name: "x", Members: 2}, {Name: "y", Members: 1}}, s.Topics()); diff != "" {
		t.Errorf("Topics (-want +got):\n%s", diff)
	}
	b.do("leave x", "leave 0")
	a.do("say x three", "three", "say 1")
	other.Abort()
	eventually(t, "the topic of a lost connection is gone", func() bool { return len(s.Topics()) == 1 })
	a.do("leave x", "leave 0")
	if got := s.Topics(); len(got) != 0 {
		t.Errorf("Topics = %v after the last has left", got)
	}
	if n, err := s.To("x").Text("x"); n != 0 || err != nil {
		t.Errorf("publish to a topic that is gone = %d, %v", n, err)
	}
}

func TestTopicNames(t *testing.T) {
	_, url := serveMembers(t, app.Config{MaxTopics: 2})
	c := dial(t, url)
	c.do("join ", "error: "+app.ErrTopicName.Error())
	c.do("join "+strings.Repeat("x", app.MaxTopicName+1), "error: "+app.ErrTopicName.Error())
	c.do("join "+strings.Repeat("x", app.MaxTopicName), "join 0")
	c.do("join 房间", "join 0")
	c.do("join third", "error: "+app.ErrTooManyTopics.Error())
	c.do("leave 房间", "leave 0")
	c.do("join third", "join 0")
	c.do("topics", "third,"+strings.Repeat("x", app.MaxTopicName))
}

func TestJoinAfterEnd(t *testing.T) {
	conns := make(chan *app.Conn, 1)
	ends := make(chan *app.CloseError, 1)
	s, url := serve(t, app.Config{}, func(r *app.Router) {
		route(t, r, "/", func() any {
			return &watcher{ends: ends, open: func(c *app.Conn) error { conns <- c; return nil }}
		})
	})
	dial(t, url).Abort()
	c := <-conns
	<-ends
	if err := c.Join("x"); !errors.Is(err, app.ErrClosed) {
		t.Errorf("Join after the end: %v, want ErrClosed", err)
	}
	if got := s.Topics(); len(got) != 0 {
		t.Errorf("Topics = %v", got)
	}
}

// All members of a topic get concurrent publications in the same order.
func TestTopicOrder(t *testing.T) {
	const publishers, each = 4, 200
	s, url := serveMembers(t, app.Config{})
	members := []*client{dial(t, url), dial(t, url), dial(t, url)}
	for _, m := range members {
		m.do("join x", "join 0")
	}
	var wg sync.WaitGroup
	for p := range publishers {
		wg.Go(func() {
			for i := range each {
				if n, err := s.To("x").Text(fmt.Sprint(p, ":", i)); n != len(members) || err != nil {
					t.Errorf("publish: %d, %v", n, err)
				}
			}
		})
	}
	var orders [3][]string
	for i, m := range members {
		for range publishers * each {
			orders[i] = append(orders[i], m.read())
		}
	}
	wg.Wait()
	for _, order := range orders[1:] {
		if diff := cmp.Diff(orders[0], order); diff != "" {
			t.Fatalf("members got different orders (-first +other):\n%s", diff)
		}
	}
}

func TestPresence(t *testing.T) {
	s, url := serveMembers(t, app.Config{})
	a := dial(t, url)
	a.do("name ann", "name 0")
	b := dial(t, url)
	b.do("name bob", "name 0")
	b.do("join x", "join 0")
	a.do("join x", "join 0")
	a.do("who x", "ann;bob;")
	a.do("who y", "")
	want := []app.Member{{Info: "ann"}, {Info: "bob"}}
	got := s.Members("x")
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(app.Member{}, "ID", "Since", "Client")); diff != "" {
		t.Errorf("Members (-want +got):\n%s", diff)
	}
	for _, m := range got {
		if c, ok := s.Conn(m.ID); !ok || c.ID() != m.ID {
			t.Errorf("Conn(%q) = %v, %t", m.ID, c, ok)
		}
		if m.Client.Addr() != netip.MustParseAddr("127.0.0.1") || m.Since.IsZero() {
			t.Errorf("member %+v lacks client or time", m)
		}
	}
}

func TestAuthorize(t *testing.T) {
	denied := &app.CloseError{Code: 4003, Reason: "not yours"}
	var mu sync.Mutex
	var asked []string
	authorize := func(c *app.Conn, a app.Action, topic string) (app.Grant, error) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, a.String()+" "+topic)
		switch topic {
		case "secret":
			return app.Grant{}, errors.New("secret")
		case "forbidden":
			return app.Grant{}, denied
		}
		return app.Grant{}, nil
	}
	_, url := serveMembers(t, app.Config{Authorize: authorize})
	c := dial(t, url)
	c.do("join open", "join 0")
	c.do("join secret", "error: secret")
	c.do("say secret x", "error: secret")
	c.do("who secret", "error: secret")
	c.do("say open x", "x", "say 1")
	c.send("join forbidden")
	c.wantEnd(4003, "not yours")
	mu.Lock()
	defer mu.Unlock()
	want := []string{"join open", "join secret", "publish secret", "see secret", "publish open", "join forbidden"}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

func TestErrDenied(t *testing.T) {
	denied := &app.CloseError{Code: 4003, Reason: "not yours"}
	errs := make(chan error, 1)
	cfg := app.Config{Authorize: func(*app.Conn, app.Action, string) (app.Grant, error) { return app.Grant{}, denied }}
	_, url := serve(t, cfg, func(r *app.Router) {
		route(t, r, "/", func() any {
			return &watcher{open: func(c *app.Conn) error { errs <- c.Join("x"); return nil }, ends: make(chan *app.CloseError, 1)}
		})
	})
	dial(t, url)
	err := <-errs
	if e, ok := errors.AsType[*app.CloseError](err); !errors.Is(err, app.ErrDenied) || !ok || e != denied || err.Error() != denied.Error() {
		t.Errorf("Join: %v, want ErrDenied and %v", err, denied)
	}
}

func TestAuthorizeAgain(t *testing.T) {
	tests := map[string]struct {
		leave bool
		grant func(calls int) (app.Grant, error)
		after time.Duration // 0: never
		code  conn.Code
	}{
		"refused-later": {false, func(calls int) (app.Grant, error) {
			if calls == 3 {
				return app.Grant{}, errors.New("no more")
			}
			return app.Grant{Until: time.Now().Add(time.Minute)}, nil
		}, 2 * time.Minute, conn.CodePolicyViolation},
		"refused-with-a-code": {false, func(calls int) (app.Grant, error) {
			if calls == 2 {
				return app.Grant{}, &app.CloseError{Code: 4001}
			}
			return app.Grant{Until: time.Now().Add(time.Minute)}, nil
		}, time.Minute, 4001},
		"left-before": {true, func(calls int) (app.Grant, error) {
			if calls == 2 {
				return app.Grant{}, errors.New("asked for a topic that was left")
			}
			return app.Grant{Until: time.Now().Add(time.Minute)}, nil
		}, 0, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			calls := 0
			cfg := app.Config{
				Limits:    conn.Config{ReadTimeout: -1},
				Authorize: func(*app.Conn, app.Action, string) (app.Grant, error) { calls++; return tt.grant(calls) },
			}
			add := func(t *testing.T, r *app.Router) { route(t, r, "/", newMember) }
			inBubble(t, cfg, add, func(t *testing.T, s *app.Server, connect func(string) *client) {
				c := connect("/")
				c.do("join x", "join 0")
				if tt.leave {
					c.do("leave x", "leave 0")
				}
				start := time.Now()
				if tt.after == 0 {
					time.Sleep(time.Hour)
					c.do("topics", "")
					return
				}
				if e := c.ended(); e.Code != tt.code {
					t.Errorf("ended with %v, want %d", e, tt.code)
				}
				if took := time.Since(start); took != tt.after {
					t.Errorf("ended after %v, want %v", took, tt.after)
				}
			})
		})
	}
}

func TestAudience(t *testing.T) {
	s, url := serveMembers(t, app.Config{})
	a, b, c := dial(t, url), dial(t, url), dial(t, url)
	a.do("name a", "name 0")
	b.do("name b", "name 0")
	c.do("name c", "name 0")
	var connB *app.Conn
	for conn := range s.Conns() {
		if conn.Presence() == "b" {
			connB = conn
		}
	}
	send := func(name string, want int, n int, err error) {
		t.Helper()
		if n != want || err != nil {
			t.Errorf("%s reached %d, %v; want %d", name, n, err, want)
		}
	}
	n, err := s.Everyone().Text("all")
	send("Everyone", 3, n, err)
	n, err = s.Everyone().Except(connB).JSON(map[string]int{"n": 1})
	send("Except", 2, n, err)
	n, err = s.Everyone().Only(func(c *app.Conn) bool { return c.Presence() != "a" }).Binary([]byte{7})
	send("Only", 2, n, err)
	a.want("all", `{"n":1}`)
	b.want("all", "\x07")
	c.want("all", `{"n":1}`, "\x07")

	if _, err := s.Everyone().Text("\xff"); !errors.Is(err, conn.ErrNotUTF8) {
		t.Errorf("text that isn't UTF-8: %v", err)
	}
	if _, err := s.Everyone().JSON(func() {}); err == nil {
		t.Error("a function was encoded as JSON")
	}
	if found, err := s.Kick(connB.ID(), 4000, "out"); !found || err != nil {
		t.Errorf("Kick = %t, %v", found, err)
	}
	b.wantEnd(4000, "out")
	eventually(t, "the kicked one is gone", func() bool { _, ok := s.Conn(connB.ID()); return !ok })
	for _, id := range []string{connB.ID(), "", "c", "c0", "c-1", "C1", "c01", "x1"} {
		if found, err := s.Kick(id, 1000, ""); found || err != nil {
			t.Errorf("Kick(%q) = %t, %v", id, found, err)
		}
	}
}
