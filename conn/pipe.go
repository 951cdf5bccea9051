package conn

import (
	"context"
	"fmt"
	"net"
	"net/url"

	"github.com/godwit-ws/godwit/conn/internal/memconn"
)

// Pipe returns the two ends of a connection in memory, for tests: messages,
// timeouts and the closing handshake are those of a real connection, without
// sockets, and inside a testing/synctest bubble. Each end takes its own
// configuration; compression is agreed on if both enable it. A configuration that
// no handshake can be made with, because of a window outside 8 to 15 bits,
// panics.
func Pipe(server, client Config) (*Conn, *Conn) {
	a, b := memconn.Pipe()
	type accepted struct {
		c   *Conn
		err error
	}
	done := make(chan accepted, 1)
	go func() {
		c, err := (&Upgrader{Config: server}).Accept(context.Background(), a)
		done <- accepted{c, err}
	}()
	c, err := (&Dialer{Config: client, NetDial: only(b), Proxy: noProxy}).Dial(context.Background(), "ws://pipe/")
	s := <-done
	if err != nil || s.err != nil {
		panic(fmt.Sprintf("conn: handshake over a pipe: %v, %v", err, s.err)) // a Config that Validate would refuse
	}
	return s.c, c
}

// only returns a dial function for the one connection nc.
func only(nc net.Conn) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) { return nc, nil }
}

func noProxy(*url.URL) (*url.URL, error) { return nil, nil }
