package app_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/app"
)

// rollCall is a Roster that may be slow to take down who came.
type rollCall struct {
	*app.MemoryBroker
	entered, release chan struct{} // for a member whose info is "slow"

	mu    sync.Mutex
	there []string // ids
}

func (r *rollCall) Joined(_ string, m app.Member) app.Member {
	if m.Info == "slow" {
		close(r.entered)
		<-r.release
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Contains(r.there, m.ID) {
		r.there = append(r.there, m.ID)
	}
	return m
}

func (r *rollCall) Left(_ string, m app.Member) app.Member {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.there = slices.DeleteFunc(r.there, func(id string) bool { return id == m.ID })
	return m
}

func (r *rollCall) Members(context.Context, string) ([]app.Member, error) { return nil, nil }

// Who leaves while its presence is being told has left for everybody.
func TestPresenceToldAsItEnds(t *testing.T) {
	roster := &rollCall{MemoryBroker: app.NewMemoryBroker(app.MemoryConfig{}), entered: make(chan struct{}), release: make(chan struct{})}
	s, url := serve(t, app.Config{Broker: roster}, func(r *app.Router) { route(t, r, "/", newMember) })
	dial(t, url).do("join x", "join 0")
	var c *app.Conn
	for c = range s.Conns() {
	}
	var work sync.WaitGroup
	work.Go(func() { c.SetPresence("slow") })
	<-roster.entered
	work.Go(func() { c.Leave("x") })
	eventually(t, "it has left", func() bool { return len(s.Members("x")) == 0 })
	wait(20 * time.Millisecond) // in which others could be told so, ahead of what is under way
	close(roster.release)
	work.Wait()
	c.SetPresence("late")
	if len(roster.there) != 0 {
		t.Errorf("%v are still there", roster.there)
	}
}
