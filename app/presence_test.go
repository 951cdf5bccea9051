package app_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/godwit-ws/godwit/app"
)

// list is a Roster that knows who is there by what it was told last.
type list struct {
	*app.MemoryBroker
	subscribing func() // called while a topic's first member joins

	mu   sync.Mutex
	here []string
}

func newList(subscribing func()) *list {
	return &list{MemoryBroker: app.NewMemoryBroker(app.MemoryConfig{}), subscribing: subscribing}
}

func (l *list) Subscribe(topic string, r app.Receiver) (app.Subscription, error) {
	l.subscribing()
	return l.MemoryBroker.Subscribe(topic, r)
}

func (l *list) Joined(_ string, m app.Member) app.Member {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.here = append(l.here, m.ID)
	return m
}

func (l *list) Left(_ string, m app.Member) app.Member {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.here = slices.DeleteFunc(l.here, func(id string) bool { return id == m.ID })
	return m
}

func (l *list) Members(context.Context, string) ([]app.Member, error) { return nil, nil }

// One that leaves a topic while it joins, or whose connection ends then, isn't announced
// afterwards: nobody would ever say again that it has left.
func TestPresenceOfWhoLeavesWhileJoining(t *testing.T) {
	roster := newList(nil)
	in := make(chan bool, 1)
	_, url := serve(t, app.Config{Broker: roster}, at(t, "/", acts{open: func(c *app.Conn) error {
		roster.subscribing = func() { c.Leave("x") }
		err := c.Join("x")
		in <- c.In("x")
		return err
	}}))
	dial(t, url)
	if <-in {
		t.Error("it is in the topic")
	}
	if len(roster.here) > 0 {
		t.Errorf("%v are still there", roster.here)
	}
}
