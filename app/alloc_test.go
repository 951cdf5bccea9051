package app_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
)

// wholeEcho has all hooks, textOnly (of another test) one.
type wholeEcho struct{ app.Application }

func (*wholeEcho) OnMessage(c *app.Conn, text []byte) error { return c.SendTextBytes(text) }

func (*wholeEcho) OnBinary(c *app.Conn, data []byte) error { return c.SendBinary(data) }

// passing is middleware that wraps a handler and changes nothing.
func passing(next app.Acceptor) app.Acceptor {
	return func(r *app.Request) (app.Handler, error) {
		h, err := next(r)
		if err != nil {
			return nil, err
		}
		return &passed{h}, nil
	}
}

type passed struct{ app.Handler }

func (p *passed) OnMessage(c *app.Conn, text []byte) error { return p.Handler.OnMessage(c, text) }

// echoAllocs is how many allocations, server and client together, a text message
// costs that goes to and fro.
func echoAllocs(t *testing.T, url string, size int) float64 {
	t.Helper()
	c := dial(t, url)
	ctx, message, dst := context.Background(), bytes.Repeat([]byte("m"), size), make([]byte, 0, size+1)
	return testing.AllocsPerRun(200, func() {
		if err := c.Write(ctx, conn.Text, message); err != nil {
			t.Fatal(err)
		}
		if _, got, err := c.ReadInto(ctx, dst); err != nil || len(got) != size {
			t.Fatal(len(got), err)
		}
	})
}

// A message costs no allocation, whatever hooks its handler lacks and whatever
// middleware is around it.
func TestEchoDoesNotAllocate(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	for name, tt := range map[string]struct {
		factory    func() any
		middleware []app.Middleware
		config     app.Config
	}{
		"whole":        {factory: func() any { return new(wholeEcho) }},
		"lacking":      {factory: func() any { return new(textOnly) }},
		"middleware":   {factory: func() any { return new(textOnly) }, middleware: []app.Middleware{passing, passing}},
		"access-log":   {factory: func() any { return new(textOnly) }, middleware: []app.Middleware{app.AccessLog(quiet)}},
		"rate-limit":   {factory: func() any { return new(textOnly) }, middleware: []app.Middleware{app.RateLimit(1<<30, time.Second)}},
		"hook-timeout": {factory: func() any { return new(textOnly) }, config: app.Config{HookTimeout: time.Minute}},
		"pings":        {factory: func() any { return new(textOnly) }, config: app.Config{Limits: conn.Config{PingInterval: time.Minute}}},
	} {
		for _, size := range []int{0, 125, 64 << 10} {
			t.Run(fmt.Sprintf("%s/size=%d", name, size), func(t *testing.T) {
				_, url := serve(t, tt.config, func(r *app.Router) { route(t, r, "/", tt.factory, tt.middleware...) })
				if got := echoAllocs(t, url+"/", size); got != 0 {
					t.Errorf("%v allocations for a message to and fro", got)
				}
			})
		}
	}
}

// Publishing costs a few allocations for the message and none for a member.
func TestPublishDoesNotAllocatePerMember(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	cost := make(map[int]float64)
	for _, members := range []int{1, 10, 100} {
		s, url := serve(t, app.Config{}, func(r *app.Router) {
			route(t, r, "/", func() any { return &acts{open: func(c *app.Conn) error { return c.Join("room") }} })
		})
		var clients []*client
		for range members {
			clients = append(clients, dial(t, url+"/"))
		}
		eventually(t, "all are in", func() bool { return len(s.Members("room")) == members })
		ctx, dst := context.Background(), make([]byte, 0, 200)
		text := "a message of the usual length, which is not much above a hundred bytes, as one sees in chats and of prices"
		cost[members] = testing.AllocsPerRun(100, func() {
			if n, err := s.To("room").Text(text); n != members || err != nil {
				t.Fatal(n, err)
			}
			for _, c := range clients {
				if _, got, err := c.ReadInto(ctx, dst); err != nil || len(got) != len(text) {
					t.Fatal(len(got), err)
				}
			}
		})
	}
	t.Log("allocations of a publication by number of members:", cost)
	if cost[1] > 8 || cost[100] > cost[1]+1 {
		t.Errorf("allocations of a publication by number of members: %v", cost)
	}
}

// A connection is one piece of memory of the class that this size falls into: one
// byte more costs 16.
func TestSizeOfConn(t *testing.T) {
	if app.SizeOfConn > 192 {
		t.Errorf("a Conn takes %d bytes", app.SizeOfConn)
	}
}
