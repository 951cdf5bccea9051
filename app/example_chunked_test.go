package app_test

import (
	"context"
	"fmt"
	"log"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
)

// Download sends a large piece of data in messages of 1 KiB each.
type Download struct{ app.Application }

func (*Download) OnOpen(c *app.Conn) error {
	data := make([]byte, 2500)
	if err := c.SendChunked(data, 1024); err != nil {
		return err
	}
	return c.Close(conn.CodeNormal, "")
}

func ExampleConn_SendChunked() {
	server, err := app.New(app.Config{Addr: "127.0.0.1:0"})
	if err != nil {
		log.Fatal(err)
	}
	if err := server.Router().AddRoute("/download", func() any { return new(Download) }); err != nil {
		log.Fatal(err)
	}
	if err := server.Listen(); err != nil {
		log.Fatal(err)
	}
	go server.ServeForever()

	ctx := context.Background()
	client, err := conn.Dial(ctx, "ws://"+server.Addr().String()+"/download")
	if err != nil {
		log.Fatal(err)
	}
	for m, err := range client.Messages(ctx) {
		if err != nil {
			fmt.Println(err)
			break
		}
		fmt.Println(m.Opcode, len(m.Data))
	}
	server.Shutdown(ctx)
	// Output:
	// binary 1024
	// binary 1024
	// binary 452
}
