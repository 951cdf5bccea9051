// Command godwit is an echo server on Godwit, on any of its engines, on the engine
// alone or through the framework. Text is checked to be UTF-8.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/eventloop"

	"github.com/godwit-ws/godwit/bench/peers/internal/peer"
)

func main() {
	engine := flag.String("engine", "blocking", "`ENGINE`: blocking, loop (hooks on the loops) or pooled (hooks that may wait)")
	framework := flag.Bool("app", false, "serve a handler of package app; broadcasts are for it alone")
	peer.Main(func(o peer.Options) error {
		e, err := newEngine(*engine)
		if err != nil {
			return err
		}
		if *framework {
			return serveApp(o, e)
		}
		return serve(o, e)
	})
}

// newEngine returns the engine of a name, nil for the one of a goroutine per
// connection.
func newEngine(name string) (*eventloop.Engine, error) {
	switch name {
	case "blocking":
		return nil, nil
	case "loop", "pooled":
		return eventloop.New(eventloop.Config{Inline: name == "loop"})
	}
	return nil, fmt.Errorf("no engine %q", name)
}

// limits are those of the connections.
func limits(o peer.Options) conn.Config {
	return conn.Config{MaxMessageSize: peer.MaxMessage, Compression: conn.Compression{Enabled: o.Compress}}
}

// hooks echo.
type hooks struct{}

func (hooks) OnOpen(*conn.Conn) error { return nil }

func (hooks) OnMessage(c *conn.Conn, op conn.Opcode, p []byte) error {
	return c.Write(context.Background(), op, p)
}

func (hooks) OnClose(*conn.Conn, *conn.CloseError) {}

// serve serves without the framework.
func serve(o peer.Options, e *eventloop.Engine) error {
	l, err := listen(o)
	if err != nil {
		return err
	}
	up := &conn.Upgrader{Config: limits(o)}
	if e != nil {
		return e.Serve(context.Background(), l, up, func(o *conn.Opening) {
			c, err := o.Accept(conn.Answer{})
			if err != nil {
				return // the client has been told
			}
			if e.Attach(c, hooks{}) != nil {
				c.Abort()
			}
		})
	}
	for {
		nc, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			if c, err := up.Accept(context.Background(), nc); err == nil { // else the client has been told
				c.Serve(hooks{}) // fails only if the connection has ended
			}
		}()
	}
}

func listen(o peer.Options) (net.Listener, error) {
	l, err := conn.Listen(context.Background(), "tcp", o.Addr)
	if err != nil || !o.TLS {
		return l, err
	}
	cfg, err := peer.TLSConfig()
	if err != nil {
		return nil, err
	}
	return eventloop.NewTLSListener(l, cfg), nil
}
