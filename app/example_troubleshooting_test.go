package app_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"log/slog"
	"strings"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
)

// Chat takes text only.
type Chat struct{}

func (*Chat) OnMessage(c *app.Conn, text []byte) error { return c.SendTextBytes(text) }

// What the log says of the usual mistakes: a path that no route matches, a binary
// message for a handler without OnBinary, a message that is too big. The lines have
// more to them: a time, the client, the path.
func ExampleServer_troubleshooting() {
	var lines bytes.Buffer
	server, err := app.New(app.Config{
		Addr:   "127.0.0.1:0",
		Limits: conn.Config{MaxMessageSize: 1000},
		Logger: slog.New(app.NewLogHandler(&lines, slog.LevelDebug)),
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := server.Router().AddRoute("/chat/{room}", func() any { return new(Chat) }); err != nil {
		log.Fatal(err)
	}
	if err := server.Listen(); err != nil {
		log.Fatal(err)
	}
	go server.ServeForever()

	ctx, url := context.Background(), "ws://"+server.Addr().String()
	conn.Dial(ctx, url+"/chat/7/")
	client, err := conn.Dial(ctx, url+"/chat/7")
	if err != nil {
		log.Fatal(err)
	}
	client.Write(ctx, conn.Binary, make([]byte, 10))
	client.Write(ctx, conn.Text, make([]byte, 1001))
	client.Read(ctx)
	server.Shutdown(ctx)

	for _, trouble := range []string{
		"no route matches the path, but one is close",
		"Handshake failed: handshake: refused with 404",
		"message dropped: the handler has no OnBinary",
		"Connection error: protocol: message too big",
		"set Config.Limits.MaxMessageSize",
	} {
		fmt.Println(strings.Contains(lines.String(), trouble), trouble)
	}
	// Output:
	// true no route matches the path, but one is close
	// true Handshake failed: handshake: refused with 404
	// true message dropped: the handler has no OnBinary
	// true Connection error: protocol: message too big
	// true set Config.Limits.MaxMessageSize
}
