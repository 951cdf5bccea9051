package main

import (
	"context"
	"net"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/eventloop"
)

// serveLoops is serveEcho on event loops.
func (o *echoOptions) serveLoops(ctx context.Context, l net.Listener, up *conn.Upgrader) error {
	e, err := eventloop.New(eventloop.Config{Loops: o.loops, Inline: o.engine == "loop"})
	if err != nil {
		return err
	}
	err = e.Serve(ctx, l, up, func(o *conn.Opening) {
		c, err := o.Accept(conn.Answer{})
		if err != nil {
			return // the peer has been told
		}
		if e.Attach(c, echoHooks{}) != nil { // we are going down
			c.Abort()
		}
	})
	if ctx.Err() != nil {
		err = nil
	}
	limit, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	e.Shutdown(limit) // its error says that some were dropped
	return err
}
