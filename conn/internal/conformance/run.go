package conformance

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// leaveTime is how long a client under test may take to notice that the
// connection is over.
const leaveTime = 2 * time.Second

// Server plays the case as a client against the echo server that dial connects
// to. The error says what was expected, what came, and what went before.
func (c Case) Server(ctx context.Context, dial func(context.Context) (net.Conn, error)) error {
	nc, err := dial(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", c.ID, err)
	}
	return c.run(ctx, newPeer(nc, client))
}

// Client plays the case as a server against an echo client: connect is called
// once, with a ws:// URL, and is to dial it, echo until the connection is over and
// then return, with any error that is not the connection's end. It must return
// soon after that, too.
func (c Case) Client(ctx context.Context, connect func(ctx context.Context, url string) error) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("%s: %w", c.ID, err)
	}
	defer l.Close()
	left := make(chan error, 1)
	go func() {
		left <- connect(ctx, "ws://"+l.Addr().String()+"/"+c.ID)
		l.Close() // a client that never came must not be waited for
	}()
	nc, err := l.Accept()
	if err != nil {
		return errors.Join(fmt.Errorf("%s: client never connected: %w", c.ID, err), <-left)
	}
	if err := c.run(ctx, newPeer(nc, server)); err != nil {
		return err
	}
	select {
	case err := <-left:
		return err
	case <-time.After(leaveTime):
		return fmt.Errorf("%s: the client still held on %v after the end of the connection", c.ID, leaveTime)
	}
}

// run opens the connection and plays the script.
func (c Case) run(ctx context.Context, p *peer) error {
	defer p.nc.Close()
	stop := context.AfterFunc(ctx, func() { p.nc.Close() })
	defer stop()
	p.chop = c.chop
	if c.bulk {
		p.wait = bulkPatience
	}
	p.open(c.deflate, c.early)
	c.play(p)
	if p.err != nil {
		return fmt.Errorf("%s, %s:\n%w\n%s", c.ID, c.Title, p.err, p.trace.String())
	}
	return nil
}
