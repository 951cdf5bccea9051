package eventloop_test

import (
	"context"
	"fmt"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/eventloop"
)

// greeter greets whoever sends a name.
type greeter struct{}

func (greeter) OnOpen(*conn.Conn) error { return nil }

func (greeter) OnMessage(c *conn.Conn, _ conn.Opcode, p []byte) error {
	return c.WriteText(context.Background(), "hello, "+string(p))
}

func (greeter) OnClose(_ *conn.Conn, e *conn.CloseError) { fmt.Println("ended with", e.Code) }

// A server whose connections have no goroutines, from the first byte on.
func Example() {
	e, err := eventloop.New(eventloop.Config{Inline: true}) // these hooks never wait
	if err != nil {
		fmt.Println(err)
		return
	}
	l, err := conn.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	go e.Serve(context.Background(), l, new(conn.Upgrader), func(o *conn.Opening) {
		c, err := o.Accept(conn.Answer{})
		if err != nil {
			return // the client has been told
		}
		if err := e.Attach(c, greeter{}); err != nil {
			c.Abort()
		}
	})

	c, err := conn.Dial(context.Background(), "ws://"+l.Addr().String()+"/")
	if err != nil {
		fmt.Println(err)
		return
	}
	c.WriteText(context.Background(), "world")
	_, p, _ := c.Read(context.Background())
	fmt.Println(string(p))
	c.Close(context.Background(), conn.CodeNormal, "")
	e.Shutdown(context.Background())
	// Output:
	// hello, world
	// ended with 1000 normal
}
