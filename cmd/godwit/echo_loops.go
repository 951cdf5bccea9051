package main

import (
	"context"
	"net"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/eventloop"
)

// serveLoops is serveEcho on event loops.
func (o *echoOptions) serveLoops(ctx context.Context, l net.Listener, up *conn.Upgrader, report func(error)) error {
	e, err := eventloop.New(eventloop.Config{Loops: o.loops, Inline: o.engine == "loop"})
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { l.Close() })()
	acceptAll(ctx, l, func(nc net.Conn) {
		c, err := up.Accept(ctx, nc)
		if err != nil {
			return // the peer has been told
		}
		if e.Attach(c, echoHooks{}) != nil { // we are going down, or out of file descriptors
			c.Abort()
		}
	}, report)
	limit, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	e.Shutdown(limit) // its error says that some were dropped
	return nil
}
