package app_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
)

// NoSQL is middleware that closes a connection with 1008 when a message holds what
// SQL is injected with.
func NoSQL(next app.Acceptor) app.Acceptor {
	return func(r *app.Request) (app.Handler, error) {
		h, err := next(r)
		if err != nil {
			return nil, err
		}
		return &filtered{h}, nil
	}
}

// filtered is a Handler with another OnMessage before its own.
type filtered struct{ app.Handler }

func (f *filtered) OnMessage(c *app.Conn, text []byte) error {
	if bytes.Contains(text, []byte(";")) || bytes.Contains(text, []byte("--")) {
		return &app.CloseError{Code: conn.CodePolicyViolation, Reason: "非法字符"}
	}
	return f.Handler.OnMessage(c, text)
}

// Query is a handler that has its messages filtered.
type Query struct{}

func (*Query) OnMessage(c *app.Conn, text []byte) error {
	return c.SendText("result of " + string(text))
}

func ExampleMiddleware() {
	bp := app.NewBlueprint("/db", NoSQL)
	app.Route[Query](bp, "/query")

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
	client, err := conn.Dial(ctx, "ws://"+server.Addr().String()+"/db/query")
	if err != nil {
		log.Fatal(err)
	}
	client.WriteText(ctx, "name")
	client.WriteText(ctx, "name; drop table users")
	_, text, _ := client.Read(ctx)
	fmt.Println(string(text))
	_, _, err = client.Read(ctx)
	if e, ok := errors.AsType[*app.CloseError](err); ok {
		fmt.Println(e.Code, e.Reason)
	}
	server.Shutdown(ctx)
	// Output:
	// result of name
	// 1008 policy violation 非法字符
}
