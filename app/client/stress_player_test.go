package client_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/godwit-ws/godwit/app/client"
	"github.com/godwit-ws/godwit/conn"
)

// player is a client under stress.
type player struct {
	*client.Client
	house  *house
	number int
	seed   uint64
	ctx    context.Context // ends with the client
	cancel context.CancelFunc

	subs map[string]*witness // by topic; come's, then settle's
}

func (h *house) player(seed uint64, number int) *player {
	p := &player{house: h, number: number, seed: seed, subs: make(map[string]*witness)}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	c, err := client.New(client.Config{
		URL: "ws://" + h.line.Addr().String() + "/live", MinWait: time.Millisecond, MaxWait: 20 * time.Millisecond, Timeout: time.Second,
		Token:  func(context.Context) (string, error) { return "good", nil },
		Dialer: &conn.Dialer{Subprotocols: []string{client.Subprotocol}, Config: conn.Config{CloseTimeout: 300 * time.Millisecond}},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	p.Client = c
	return p
}

// close closes the client, which takes no longer than its connection.
func (p *player) close() {
	p.cancel()
	start := time.Now()
	p.Close()
	if took := time.Since(start); took > patience/2 {
		p.house.t.Errorf("Close of a client took %v", took)
	}
	if err := p.Err(); !errors.Is(err, client.ErrClosed) || err.Error() != client.ErrClosed.Error() {
		p.house.t.Errorf("a client ended with %v", err)
	}
}

func (p *player) dice(stream uint64) *rand.Rand {
	return rand.New(rand.NewPCG(p.seed, 1000*uint64(p.number+1)+stream))
}

// publish publishes, waits for answers, and sometimes doesn't.
func (p *player) publish(stop chan struct{}) {
	g := p.dice(1)
	for n := 0; ; n++ {
		select {
		case <-stop:
			return
		case <-p.Done():
			return
		case <-time.After(time.Duration(g.IntN(4000)) * time.Microsecond):
		}
		topic := p.house.topics[g.IntN(len(p.house.topics))]
		text := fmt.Sprintf("client %d %d", p.number, n)
		p.house.book.Store(text, topic)
		ctx, cancel := context.WithTimeout(p.ctx, time.Duration(1+g.IntN(300))*time.Millisecond)
		at, err := p.Publish(ctx, topic, client.Text(text))
		cancel()
		refusal, refused := errors.AsType[*client.RequestError](err)
		switch {
		case refused && refusal.Code == "limit" && p.house.rate > 0:
		case err == nil && at != "":
			p.house.place(topic, at, text)
		case errors.Is(err, client.ErrBroken), errors.Is(err, client.ErrClosed), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		default:
			p.house.t.Errorf("Publish = %q, %v", at, err)
		}
	}
}

// come subscribes, and sometimes does so anew from where it was.
func (p *player) come(stop chan struct{}) {
	g := p.dice(2)
	for {
		topic := p.house.topics[g.IntN(len(p.house.topics))]
		after := ""
		if s := p.subs[topic]; s != nil {
			s.handle.Close()
			delete(p.subs, topic)
			if g.IntN(2) == 0 {
				time.Sleep(time.Duration(g.IntN(2000)) * time.Microsecond)
			}
			after = s.handle.At()
		}
		if g.IntN(4) > 0 {
			p.subscribe(topic, after)
		}
		select {
		case <-stop:
			return
		case <-p.Done():
			return
		case <-time.After(time.Duration(g.IntN(15)) * time.Millisecond):
		}
	}
}

func (p *player) subscribe(topic, after string) {
	s := &witness{house: p.house, topic: topic, who: p.number, at: after, made: make(chan struct{})}
	h, err := p.Subscribe(topic, s.subscription())
	switch {
	case err == nil:
		s.handle = h
		close(s.made)
		p.subs[topic] = s
	case !errors.Is(err, client.ErrClosed):
		p.house.t.Errorf("Subscribe: %v", err)
	}
}

// witness is a subscription, and what it may be told next.
type witness struct {
	house  *house
	topic  string
	who    int
	made   chan struct{} // closed when handle is set
	handle *client.Handle
	live   atomic.Bool // OnLive was called

	// The reader's alone.
	at   string   // where it stands; "" for not known yet
	told []string // of late, for people

	mu      sync.Mutex
	members map[string]bool // since the last OnLive: who came, and who went
}

func (s *witness) subscription() client.Subscription {
	return client.Subscription{
		After:      s.at,
		OnMessage:  s.message,
		OnGap:      func() { s.stand("gap") },
		OnPresence: s.presence,
		OnLive: func(missed int, gap bool) {
			s.stand(fmt.Sprint("live ", missed, gap))
			s.live.Store(true)
			s.mu.Lock()
			defer s.mu.Unlock()
			s.members = make(map[string]bool) // of another connection
		},
		OnError: func(err error) { s.house.t.Errorf("a subscription was refused: %v", err) },
	}
}

// stand notes where it stands by what the client says.
func (s *witness) stand(why string) {
	<-s.made
	s.note(why)
	s.at = s.handle.At()
}

func (s *witness) note(what string) {
	if s.told = append(s.told, what); len(s.told) > 20 {
		s.told = s.told[1:]
	}
}

func (s *witness) presence(m client.Member, left bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.members != nil {
		s.members[m.ID] = !left
	}
}

// message holds a message against the book, and its place against the last one's.
func (s *witness) message(m client.Message) {
	s.note(m.At)
	s.house.place(m.Topic, m.At, m.Text)
	if m.Topic != s.topic {
		s.house.t.Errorf("a message of %s came to who subscribed to %s", m.Topic, s.topic)
	}
	switch {
	case s.at == "" || m.At == after(s.at):
	case begins(m.At) && epoch(m.At) != epoch(s.at):
		s.house.lasts.Store(s.at, s.topic)
	default:
		s.house.t.Errorf("client %d, topic %s: %s came behind %s, and nothing was said: %v", s.who, s.topic, m.At, s.at, s.told)
	}
	s.at = m.At
}

// after returns the next position: a MemoryBroker counts by one.
func after(at string) string {
	_, digits, _ := strings.Cut(at, "-")
	n, _ := strconv.ParseUint(digits, 10, 64)
	return epoch(at) + "-" + strconv.FormatUint(n+1, 10)
}

// begins reports whether a position is the first of its epoch.
func begins(at string) bool { return strings.HasSuffix(at, "-1") }

func epoch(at string) string {
	epoch, _, _ := strings.Cut(at, "-")
	return epoch
}

// knows reports whether what was told of members goes with who is there.
func (s *witness) knows(members []client.Member) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	there := make(map[string]bool)
	for _, m := range members {
		there[m.ID] = true
	}
	for id, is := range s.members {
		if is != there[id] {
			return false
		}
	}
	return true
}
