package app_test

import (
	"sync"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/app"
)

// rollCall is a list that may be slow to take down who came.
type rollCall struct {
	*list
	entered, release chan struct{} // for a member whose info is "slow"
}

func (r *rollCall) Joined(topic string, m app.Member) app.Member {
	if m.Info == "slow" {
		close(r.entered)
		<-r.release
	}
	return r.list.Joined(topic, m)
}

// Who leaves while its presence is being told has left for everybody.
func TestPresenceToldAsItEnds(t *testing.T) {
	roster := &rollCall{newList(func() {}), make(chan struct{}), make(chan struct{})}
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
	if len(roster.here) != 0 {
		t.Errorf("%v are still there", roster.here)
	}
}
