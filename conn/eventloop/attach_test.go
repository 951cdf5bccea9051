package eventloop_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"

	"github.com/godwit-ws/godwit/conn"
)

// fresh returns both ends of a connection that nobody drives, over TCP.
func fresh(t testing.TB, server, client conn.Config) (s, c *conn.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	accepted := make(chan *conn.Conn, 1)
	go func() {
		defer close(accepted)
		nc, err := l.Accept()
		if err != nil {
			return // Dial has failed
		}
		if s, err := (&conn.Upgrader{Config: server}).Accept(context.Background(), nc); err == nil {
			accepted <- s
		}
	}()
	if c, err = (&conn.Dialer{Config: client}).Dial(t.Context(), "ws://"+l.Addr().String()+"/"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Abort)
	return next(t, accepted, "connection"), c
}

// Abort beside Attach: either that fails, for how the connection ended, or OnClose is
// called.
func TestAbortBesideAttach(t *testing.T) {
	bothModes(t, func(t *testing.T, r *rig) {
		for range 300 {
			s, c := fresh(t, conn.Config{}, conn.Config{})
			var both sync.WaitGroup
			both.Go(s.Abort)
			ends := make(chan *conn.CloseError, 1)
			err := r.engine.Attach(s, ending(ends, hooks{})())
			both.Wait()
			switch {
			case err == nil:
				if e := next(t, ends, "OnClose"); !errors.Is(e, conn.ErrAborted) {
					t.Errorf("ended with %v", e)
				}
			case !errors.Is(err, conn.ErrAborted):
				t.Errorf("Attach: %v", err)
			}
			c.Abort()
		}
	})
}
