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

// Ask is a handler with an answer to everything.
type Ask struct{}

func (*Ask) OnMessage(c *app.Conn, text []byte) error { return c.SendText("yes") }

// A hundred messages an hour for each address; one more closes the connection.
func ExampleRateLimit() {
	bp := app.NewBlueprint("/ask", app.RateLimit(100, time.Hour))
	app.Route[Ask](bp, "")

	server, err := app.New(app.Config{Addr: "127.0.0.1:0"})
	if err != nil {
		log.Fatal(err)
	}
	if err := bp.Register(server.Router()); err != nil {
		log.Fatal(err)
	}
	if err := server.Listen(); err != nil {
		log.Fatal(err)
	}
	go server.ServeForever()

	ctx := context.Background()
	client, err := conn.Dial(ctx, "ws://"+server.Addr().String()+"/ask")
	if err != nil {
		log.Fatal(err)
	}
	answers := 0
	for {
		client.WriteText(ctx, "may I?")
		_, _, err := client.Read(ctx)
		if e, ok := errors.AsType[*app.CloseError](err); ok {
			fmt.Println(answers, "answers, then", e.Code, e.Reason)
			break
		}
		answers++
	}
	server.Shutdown(ctx)
	// Output: 100 answers, then 1008 policy violation 请求过于频繁
}
