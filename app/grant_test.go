package app_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
)

// A client that joins and leaves all the time leaves nothing behind: of the grants
// for a topic only the last is asked about again.
func TestGrantsDoNotPileUp(t *testing.T) {
	var calls atomic.Int64
	cfg := app.Config{
		Limits: conn.Config{ReadTimeout: -1},
		Authorize: func(*app.Conn, app.Action, string) (app.Grant, error) {
			calls.Add(1)
			return app.Grant{Until: time.Now().Add(time.Hour)}, nil
		},
	}
	add := func(t *testing.T, r *app.Router) { route(t, r, "/", newMember) }
	inBubble(t, cfg, add, func(t *testing.T, s *app.Server, connect func(string) *client) {
		c := connect("/")
		for range 100 {
			c.do("join x", "join 0")
			c.do("join x", "join 0")
			c.do("leave x", "leave 0")
		}
		c.do("join y", "join 0")
		c.do("join x", "join 0")
		calls.Store(0)
		time.Sleep(time.Hour + time.Minute)
		c.do("topics", "x,y")
		if got := calls.Load(); got != 2 {
			t.Errorf("Authorize was asked %d times after an hour, want once a topic", got)
		}
	})
}
