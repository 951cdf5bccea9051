package app_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
)

// Mourner waits for the end of its connection.
type Mourner struct{ ended chan *app.CloseError }

func (m *Mourner) OnClose(c *app.Conn, e *app.CloseError) { m.ended <- e }

// WebSocket pings, sent by the server itself: a peer that doesn't answer is dropped.
// Times are 30 s and 10 s in real life.
func ExampleServer_pingInterval() {
	ended := make(chan *app.CloseError)
	server, err := app.New(app.Config{
		Addr:   "127.0.0.1:0",
		Limits: conn.Config{PingInterval: 30 * time.Millisecond, PongTimeout: 10 * time.Millisecond},
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := server.Router().AddRoute("/", func() any { return &Mourner{ended} }); err != nil {
		log.Fatal(err)
	}
	if err := server.Listen(); err != nil {
		log.Fatal(err)
	}
	go server.ServeForever()

	ctx := context.Background()
	client, err := conn.Dial(ctx, "ws://"+server.Addr().String()+"/")
	if err != nil {
		log.Fatal(err)
	}
	defer client.Abort() // it never reads, and so answers no ping
	e := <-ended
	fmt.Println(e.Code, errors.Is(e, conn.ErrPongTimeout))
	server.Shutdown(ctx)
	// Output: 1006 abnormal true
}
