package app_test

import (
	"context"
	"fmt"
	"log"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
)

// Member says to all others in the room what its client says.
type Member struct {
	Room string `path:"room"`
}

func (m *Member) OnOpen(c *app.Conn) error { return c.Join(m.Room) }

func (m *Member) OnMessage(c *app.Conn, text []byte) error {
	_, err := c.To(m.Room).Except(c).Text(string(text))
	return err
}

// What one member says the others hear.
func ExampleConn_To() {
	router := app.NewRouter(app.RouterConfig{})
	if err := router.AddRoute("/room/{room}", func() any { return new(Member) }); err != nil {
		log.Fatal(err)
	}
	server, err := app.New(app.Config{Addr: "127.0.0.1:0", Router: router})
	if err != nil {
		log.Fatal(err)
	}
	if err := server.Listen(); err != nil {
		log.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ran := make(chan error)
	go func() { ran <- server.Run(ctx) }()

	url := "ws://" + server.Addr().String() + "/room/7"
	ann, err := conn.Dial(ctx, url)
	if err != nil {
		log.Fatal(err)
	}
	bob, err := conn.Dial(ctx, url)
	if err != nil {
		log.Fatal(err)
	}
	ann.DiscardReads() // she only talks; pongs are seen all the same

	for len(server.Members("7")) < 2 { // until both have joined
		ann.Ping(ctx)
	}
	if err := ann.WriteText(ctx, "hello"); err != nil {
		log.Fatal(err)
	}
	_, text, err := bob.Read(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", text)
	bob.DiscardReads()
	stop()
	fmt.Println(<-ran)
	// Output:
	// hello
	// <nil>
}
