package app_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
)

// tagged is a Framing: position and text, "gap" and a position, + or - and who.
type tagged struct{}

func (tagged) Message(p *app.Publication) (*conn.Prepared, error) {
	return conn.NewPrepared(conn.Text, fmt.Append(nil, p.Position, " ", string(p.Payload())))
}

func (tagged) Gap(_ string, p app.Position) (*conn.Prepared, error) {
	return conn.NewPrepared(conn.Text, fmt.Append(nil, "gap ", p.Seq))
}

func (tagged) Presence(e app.PresenceEvent) (*conn.Prepared, error) {
	sign := "+"
	if e.Left {
		sign = "-"
	}
	return conn.NewPrepared(conn.Text, fmt.Append(nil, sign, e.Member.Info))
}

// resumer is a member whose join takes a token: join T [TOKEN], watch T.
type resumer struct{ member }

func (m *resumer) OnMessage(c *app.Conn, text []byte) error {
	words := strings.Fields(string(text))
	j := app.Join{Framing: tagged{}, Presence: words[0] == "watch"}
	switch {
	case words[0] != "join" && words[0] != "watch":
		return m.member.OnMessage(c, text)
	case len(words) > 2:
		j.After, _ = app.ParsePosition(words[2])
	}
	done, err := c.JoinWith(words[1], j)
	if err != nil {
		return c.SendText("error: " + err.Error())
	}
	return c.SendText(fmt.Sprint("joined ", done.Position, " missed ", done.Missed, " gap ", done.Gap))
}

func newResumer() any { return new(resumer) }

func addResumer(t *testing.T, r *app.Router) { route(t, r, "/", newResumer) }

func TestResume(t *testing.T) {
	cfg := app.Config{Retain: func(topic string) app.Retention {
		if topic == "plain" {
			return app.Retention{}
		}
		return app.Retention{MaxMessages: 3}
	}}
	inBubble(t, cfg, addResumer, func(t *testing.T, s *app.Server, connect func(string) *client) {
		say := func(topic, text string) app.Position {
			t.Helper()
			r, err := s.To(topic).Publish(conn.Text, []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			return r.Position
		}
		p1 := say("x", "a")
		c := connect("/")
		epoch := p1.Epoch
		c.do("join x", "joined "+epoch+"-1 missed 0 gap false")
		c.do("join x", "error: "+app.ErrJoined.Error())
		say("x", "b")
		c.want(epoch + "-2 b")
		c.do("leave x", "leave 0")
		c.do("join x "+epoch+"-2", "joined "+epoch+"-2 missed 0 gap false")
		c.do("leave x", "leave 0")
		say("x", "c")
		say("x", "d")
		c.do("join x "+epoch+"-2", epoch+"-3 c", epoch+"-4 d", "joined "+epoch+"-4 missed 2 gap false")
		c.do("leave x", "leave 0")
		c.do("join x "+epoch+"-0", "gap 1", epoch+"-2 b", epoch+"-3 c", epoch+"-4 d", "joined "+epoch+"-4 missed 3 gap true")
		c.do("leave x", "leave 0")
		c.do("join x other-4", "gap 1", epoch+"-2 b", epoch+"-3 c", epoch+"-4 d", "joined "+epoch+"-4 missed 3 gap true")
		c.do("say x e", epoch+"-5 e", "say 1")
		c.do("others x f", "others 0")

		c.do("join plain E-1", "gap 0", "joined  missed 0 gap true")
		say("plain", "now")
		c.want(" now")
	})
}

// Without history, too, a member may frame what it gets, beside others that don't.
func TestJoinWithNoHistory(t *testing.T) {
	_, url := serve(t, app.Config{MaxTopics: 1}, func(r *app.Router) {
		route(t, r, "/framed", newResumer)
		route(t, r, "/", newMember)
	})
	framed, plain := dial(t, url+"/framed"), dial(t, url)
	framed.do("join x E-7", "joined  missed 0 gap true")
	plain.do("join x", "join 0")
	plain.do("say x hello", "hello", "say 2")
	framed.want(" hello")
	framed.do("join y", "error: "+app.ErrTooManyTopics.Error())
}

func TestResumeAuthorize(t *testing.T) {
	for refused, want := range map[app.Action]string{
		app.JoinTopic: "join", app.ResumeTopic: "join,resume", app.SeeTopic: "join,resume,see", 99: "join,resume,see",
	} {
		t.Run(fmt.Sprint(refused), func(t *testing.T) {
			var asked []string
			cfg := app.Config{
				Retain: retain(app.Retention{MaxMessages: 3}),
				Authorize: func(_ *app.Conn, a app.Action, _ string) (app.Grant, error) {
					asked = append(asked, a.String())
					if a == refused {
						return app.Grant{}, errors.New("no")
					}
					return app.Grant{}, nil
				},
			}
			inBubble(t, cfg, addResumer, func(t *testing.T, s *app.Server, connect func(string) *client) {
				c := connect("/")
				c.send("watch x E-1")
				for c.read() == "gap 0" {
				}
				if got := strings.Join(asked, ","); got != want {
					t.Errorf("asked for %s, want %s", got, want)
				}
				if joined := len(s.Topics()) == 1; joined != (refused == 99) {
					t.Errorf("joined: %t", joined)
				}
			})
		})
	}
}

func TestPresenceEvents(t *testing.T) {
	for name, cfg := range map[string]app.Config{"plain": {}, "broker": {Broker: app.NewMemoryBroker(app.MemoryConfig{})}} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, cfg, addResumer, func(t *testing.T, s *app.Server, connect func(string) *client) {
				w, c := connect("/"), connect("/")
				c.do("name cat", "name 0")
				w.do("name owl", "name 0")
				w.do("watch x", "+owl", "joined  missed 0 gap false")
				c.do("join x", "joined  missed 0 gap false")
				w.want("+cat")
				c.do("name dog", "name 0")
				w.want("+dog")
				c.do("leave x", "leave 0")
				w.want("-dog")
				c.do("join x", "joined  missed 0 gap false")
				w.want("+dog")
				c.Abort()
				w.want("-dog")
				w.do("who x", "owl;")
			})
		})
	}
}

// A peer that leaves and comes back all the time, while others publish, gets
// everything, in order, once, at whatever moment it comes.
func TestResumeMissesNothing(t *testing.T) {
	const publishers, each = 3, 400
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	cfg := app.Config{
		Retain:       retain(app.Retention{MaxMessages: 2 * publishers * each}),
		SlowConsumer: app.SlowConsumer{MaxMessages: -1},
	}
	s, url := serve(t, cfg, func(r *app.Router) { route(t, r, "/", newResumer) })
	first, err := s.To("x").Publish(conn.Text, []byte("first"))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for p := range publishers {
		wg.Go(func() {
			for i := range each {
				if _, err := s.To("x").Text(fmt.Sprint(p, ":", i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	at, comes := first.Position, 0
	for at.Seq <= publishers*each {
		comes++
		c := dial(t, url)
		c.send("join x " + at.String())
		for range 1 + random.IntN(100) {
			word, _, _ := strings.Cut(c.read(), " ")
			if word == "joined" {
				continue
			}
			got, err := app.ParsePosition(word)
			if err != nil || got.Epoch != at.Epoch || got.Seq != at.Seq+1 {
				t.Fatalf("%q behind %v", word, at)
			}
			if at = got; at.Seq > publishers*each {
				break
			}
		}
		c.Abort()
	}
	wg.Wait()
	t.Logf("came %d times", comes)
}

// What comes while a member that is behind reads its history goes around by way of the
// history if it is more than may wait.
func TestResumeWhileMuchComes(t *testing.T) {
	const many = 6000 // more than fits into a cork
	cfg := app.Config{
		Retain:       retain(app.Retention{MaxMessages: 10 * many}),
		SlowConsumer: app.SlowConsumer{MaxMessages: -1, MaxBytes: -1},
		Limits:       conn.Config{MaxQueued: 1000, WriteTimeout: -1},
	}
	inBubble(t, cfg, addResumer, func(t *testing.T, s *app.Server, connect func(string) *client) {
		start, _ := s.To("x").Publish(conn.Text, []byte("start"))
		for i := range many {
			s.To("x").Text(fmt.Sprint(i))
		}
		c := connect("/")
		c.send("join x " + start.Position.String())
		synctest.Wait() // the server waits for room
		for i := range many {
			s.To("x").Text(fmt.Sprint(many + i))
		}
		var got, want []string
		for i := range 2 * many {
			_, text, _ := strings.Cut(c.read(), " ")
			got, want = append(got, text), append(want, fmt.Sprint(i))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("got (-want +got):\n%s", diff)
		}
		if last := c.read(); !strings.HasSuffix(last, fmt.Sprint(" missed ", 2*many, " gap false")) {
			t.Errorf("joined with %q", last)
		}
	})
}

// between is a Broker that has something happen before it is asked for history.
type between struct {
	*app.MemoryBroker
	happens func()
	fails   error // with which History fails then
}

func (b *between) History(ctx context.Context, topic string, after app.Position, limit int) (app.Replay, error) {
	if b.happens(); b.fails != nil {
		return app.Replay{}, b.fails
	}
	return b.MemoryBroker.History(ctx, topic, after, limit)
}

// Who leaves while it is sent what it missed, and joins anew, gets what is new since then,
// and nothing of the other membership behind or beside that. Nor does that one's failure
// end this one.
func TestLeaveWhileResuming(t *testing.T) {
	for name, fails := range map[string]error{"goes on": nil, "fails": errors.New("as asked")} {
		t.Run(name, func(t *testing.T) {
			b := &between{MemoryBroker: app.NewMemoryBroker(app.MemoryConfig{Retain: retain(app.Retention{MaxMessages: 10})}), fails: fails}
			joined := make(chan bool, 1)
			s, url := serve(t, app.Config{Broker: b}, at(t, "/", acts{text: func(c *app.Conn, text []byte) error {
				after, _ := app.ParsePosition(string(text))
				b.happens = func() {
					c.Leave("x")
					if err := c.Join("x"); err != nil {
						t.Error(err)
					}
					c.Server().To("x").Text("new")
				}
				_, err := c.JoinWith("x", app.Join{After: after})
				if !errors.Is(err, fails) {
					t.Errorf("JoinWith: %v", err)
				}
				joined <- c.In("x")
				return c.SendText("end")
			}}))
			first, _ := s.To("x").Publish(conn.Text, []byte("first"))
			s.To("x").Text("missed")
			c := dial(t, url)
			c.send(first.Position.String())
			c.want("new", "end")
			if !<-joined {
				t.Error("it isn't in the topic")
			}
		})
	}
}

// broken is a Broker that fails.
type broken struct {
	app.MemoryBroker
	subscribe, history error
	closed             bool
}

func (b *broken) Subscribe(string, app.Receiver) (app.Subscription, error) {
	return b, b.subscribe
}
func (b *broken) Position() app.Position { return app.Position{} }
func (b *broken) Close()                 { b.closed = true }
func (b *broken) Publish(context.Context, *app.Publication) (app.Receipt, error) {
	return app.Receipt{}, errors.New("gone")
}
func (b *broken) History(context.Context, string, app.Position, int) (app.Replay, error) {
	return app.Replay{}, b.history
}

func TestBrokerFails(t *testing.T) {
	for name, b := range map[string]*broken{
		"subscribe": {subscribe: errors.New("no subscription")},
		"history":   {history: errors.New("no history")},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, app.Config{Broker: b}, addResumer, func(t *testing.T, s *app.Server, connect func(string) *client) {
				c := connect("/")
				c.do("join x E-1", "error: "+errors.Join(b.subscribe, b.history).Error())
				if topics := s.Topics(); len(topics) != 0 {
					t.Errorf("Topics = %v after the failure", topics)
				}
				if b.closed != (name == "history") {
					t.Errorf("subscription closed: %t", b.closed)
				}
				c.do("say x hello", "error: gone")
			})
		})
	}
}

func TestConfigRetainOrBroker(t *testing.T) {
	_, err := app.New(app.Config{Retain: retain(app.Retention{}), Broker: app.NewMemoryBroker(app.MemoryConfig{})})
	if e, ok := errors.AsType[*app.ConfigError](err); !ok || e.Field != "Retain" {
		t.Errorf("New: %v", err)
	}
}

// Servers of a process that share a Broker share topics.
func TestSharedBroker(t *testing.T) {
	b := app.NewMemoryBroker(app.MemoryConfig{Retain: retain(app.Retention{MaxMessages: 9, MaxAge: time.Hour})})
	add := func(r *app.Router) { route(t, r, "/", newResumer) }
	_, here := serve(t, app.Config{Broker: b}, add)
	_, there := serve(t, app.Config{Broker: b}, add)
	one, two := dial(t, here), dial(t, there)
	one.send("join x")
	token := strings.Fields(one.read())[1]
	two.do("join x", "joined "+token+" missed 0 gap false")
	epoch := strings.TrimSuffix(token, "0")
	one.do("say x hello", epoch+"1 hello", "say 2")
	two.want(epoch + "1 hello")
	one.Abort()
	back := dial(t, there)
	back.send("join x " + token)
	if got := back.read(); !strings.HasSuffix(got, "-1 hello") {
		t.Errorf("resumed on the other server with %q", got)
	}
}
