package app_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"sync/atomic"
	"time"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
)

// Heartbeat answers the text ping, and closes a connection on which none has come
// for a while.
type Heartbeat struct {
	Limit, Every time.Duration

	lastPing atomic.Int64 // Unix time in ns
}

func (h *Heartbeat) OnOpen(c *app.Conn) error {
	h.lastPing.Store(time.Now().UnixNano())
	go h.check(c)
	return nil
}

func (h *Heartbeat) check(c *app.Conn) {
	tick := time.NewTicker(h.Every)
	defer tick.Stop()
	for {
		select {
		case <-c.Context().Done():
			return
		case <-tick.C:
		}
		if time.Since(time.Unix(0, h.lastPing.Load())) > h.Limit {
			c.Close(conn.CodeGoingAway, "心跳超时")
			return
		}
	}
}

func (h *Heartbeat) OnMessage(c *app.Conn, text []byte) error {
	if string(text) != "ping" {
		return nil
	}
	h.lastPing.Store(time.Now().UnixNano())
	return c.SendText("pong")
}

// A heartbeat of the application's own, as clients need that can't see WebSocket
// pings. Where they can, Limits.PingInterval does all of it: see the next example.
// Times are 30 s and 5 s in real life.
func ExampleServer_heartbeat() {
	server, err := app.New(app.Config{Addr: "127.0.0.1:0"})
	if err != nil {
		log.Fatal(err)
	}
	if err := server.Router().AddRoute("/heart", func() any {
		return &Heartbeat{Limit: 30 * time.Millisecond, Every: 5 * time.Millisecond}
	}); err != nil {
		log.Fatal(err)
	}
	if err := server.Listen(); err != nil {
		log.Fatal(err)
	}
	go server.ServeForever()

	ctx := context.Background()
	client, err := conn.Dial(ctx, "ws://"+server.Addr().String()+"/heart")
	if err != nil {
		log.Fatal(err)
	}
	client.WriteText(ctx, "ping")
	_, text, _ := client.Read(ctx)
	fmt.Println(string(text))
	_, _, err = client.Read(ctx) // and no more pings
	if e, ok := errors.AsType[*app.CloseError](err); ok {
		fmt.Println(e.Code, e.Reason)
	}
	server.Shutdown(ctx)
	// Output:
	// pong
	// 1001 going away 心跳超时
}
