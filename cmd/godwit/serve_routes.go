package main

import (
	"time"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/app/live"
)

// demoPaths are the routes of serve.
var demoPaths = [...]string{"/echo", "/echo/{message}", "/chat/{room}", "/time", livePath}

// livePath is where godwit.js and package app/client connect.
const livePath = "/live"

// kept is how much of each topic those who come back to livePath find.
const kept = 100

func retain(string) app.Retention { return app.Retention{MaxMessages: kept} }

// addDemo adds the routes of serve.
func addDemo(r *app.Router) error {
	if err := live.New(live.Config{}).Mount(r, livePath); err != nil {
		return err
	}
	return r.Add(
		app.Endpoint{Path: demoPaths[0], New: func() any { return new(demoEcho) }},
		app.Endpoint{Path: demoPaths[1], New: func() any { return new(demoGreeting) }},
		app.Endpoint{Path: demoPaths[2], New: func() any { return new(demoChat) }},
		app.Endpoint{Path: demoPaths[3], New: func() any { return new(demoClock) }},
	)
}

// demoEcho sends every message back.
type demoEcho struct{}

func (*demoEcho) OnMessage(c *app.Conn, text []byte) error { return c.SendTextBytes(text) }

func (*demoEcho) OnBinary(c *app.Conn, data []byte) error { return c.SendBinary(data) }

// demoGreeting says what stood in the path, and then does as demoEcho.
type demoGreeting struct {
	demoEcho
	Message string `path:"message"`
}

func (g *demoGreeting) OnOpen(c *app.Conn) error { return c.SendText("初始消息: " + g.Message) }

// timeTopic is where the time is published.
const timeTopic = "time"

// demoClock is told the time, by being a member of a topic.
type demoClock struct{ app.Application }

func (*demoClock) OnOpen(c *app.Conn) error {
	if err := c.Join(timeTopic); err != nil {
		return err
	}
	return c.SendJSON(timeOf(time.Now()))
}

// timeMessage is what members of timeTopic get.
type timeMessage struct {
	Time string `json:"time"` // RFC 3339
}

func timeOf(t time.Time) timeMessage { return timeMessage{t.Format(time.RFC3339)} }
