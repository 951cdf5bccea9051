package app_test

import (
	"cmp"
	"context"
	"fmt"
	"log"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
)

// EchoHandler greets, echoes, and says how its connection ended.
type EchoHandler struct {
	Message string `path:"message"`
}

func (h *EchoHandler) OnOpen(c *app.Conn) error {
	return c.SendText("初始消息: " + h.Message)
}

func (h *EchoHandler) OnMessage(c *app.Conn, text []byte) error {
	return c.SendTextBytes(text)
}

func (h *EchoHandler) OnClose(c *app.Conn, e *app.CloseError) {
	fmt.Printf("连接关闭 → 状态码: %d, 原因: %s\n", e.Code, cmp.Or(e.Reason, "未知原因"))
}

// A server that echoes, and a client. In a program of its own the blueprint is a
// variable of package blueprints, CreateWithBlueprints finds it, and ServeForever is
// the last line.
func ExampleServer() {
	echo := app.NewBlueprint("/echo")
	app.Route[EchoHandler](echo, "/{message:str}")

	server, err := app.New(app.Config{Addr: "127.0.0.1:0"})
	if err != nil {
		log.Fatal(err)
	}
	if err := echo.Register(server.Router()); err != nil {
		log.Fatal(err)
	}
	if err := server.Listen(); err != nil {
		log.Fatal(err)
	}
	go server.ServeForever()

	ctx := context.Background()
	client, err := conn.Dial(ctx, "ws://"+server.Addr().String()+"/echo/Hello")
	if err != nil {
		log.Fatal(err)
	}
	client.WriteText(ctx, "你好")
	for range 2 {
		_, text, err := client.Read(ctx)
		fmt.Println(string(text), err)
	}
	client.Close(ctx, conn.CodeNormal, "")
	server.Shutdown(ctx)
	// Output:
	// 初始消息: Hello <nil>
	// 你好 <nil>
	// 连接关闭 → 状态码: 1000, 原因: 未知原因
}
