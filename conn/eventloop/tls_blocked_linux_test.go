package eventloop_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/eventloop"
)

// blocked attaches a connection to r's engine whose socket takes little, and returns it
// with its client, whose opening handshake is done. server and client wrap the ends.
func blocked(t *testing.T, r *rig, cfg conn.Config, h conn.Hooks, server, client func(net.Conn) net.Conn) (*conn.Conn, net.Conn) {
	t.Helper()
	ours, theirs := (&tlsSession{t: t}).sockets()
	t.Cleanup(func() { theirs.Close() })
	accepted := make(chan *conn.Conn, 1)
	go func() {
		c, err := (&conn.Upgrader{Config: cfg}).Accept(context.Background(), server(ours))
		if err == nil {
			err = r.engine.Attach(c, h)
		}
		if err != nil {
			t.Error(err)
		}
		accepted <- c
	}()
	peer := client(theirs)
	io.WriteString(peer, request)
	answer := make([]byte, 0, 1024)
	for one := make([]byte, 1); !bytes.HasSuffix(answer, []byte("\r\n\r\n")); {
		if _, err := peer.Read(one); err != nil {
			t.Fatalf("handshake: %v after %q", err, answer)
		}
		answer = append(answer, one...)
	}
	return next(t, accepted, "connection"), peer
}

func tlsServer(nc net.Conn) net.Conn { return eventloop.TLSServer(nc, certified()) }

// long is more than such a socket takes, and less than is sealed at a time.
var long = bytes.Repeat([]byte{'x'}, 40_000)

// What was sealed and waits for the socket isn't written.
func TestTLSWaitWritten(t *testing.T) {
	bothModesAtOnce(t, func(t *testing.T, r *rig) {
		c, client := blocked(t, r, conn.Config{}, echo(), tlsServer, tlsClient)
		if err := c.Write(t.Context(), conn.Binary, long); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if err := c.WaitWritten(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("while the peer reads nothing: %v", err)
		}
		got := make(chan error, 1)
		go func() {
			_, err := io.ReadFull(client, make([]byte, len(long)+4))
			got <- err
		}()
		if err := c.WaitWritten(t.Context()); err != nil {
			t.Error(err)
		}
		if err := next(t, got, "message"); err != nil {
			t.Error(err)
		}
	})
}

// A peer that takes nothing for WriteTimeout is dropped, though all was sealed; one that
// takes a little at a time isn't.
func TestTLSWriteTimeout(t *testing.T) {
	bothModesAtOnce(t, func(t *testing.T, r *rig) {
		ends := make(chan *conn.CloseError, 1)
		const timeout = 300 * time.Millisecond
		c, client := blocked(t, r, conn.Config{WriteTimeout: timeout}, ending(ends, hooks{})(), tlsServer, tlsClient)
		c.Write(t.Context(), conn.Binary, long)
		for start := time.Now(); time.Since(start) < 2*timeout; {
			if _, err := io.ReadFull(client, make([]byte, 4000)); err != nil {
				t.Fatal(err)
			}
			select {
			case e := <-ends:
				t.Fatalf("dropped after %v: %v", time.Since(start), e)
			case <-time.After(timeout / 4):
			}
		}
		c.Write(t.Context(), conn.Binary, long)
		if e := next(t, ends, "end"); !errors.Is(e, conn.ErrWriteTimeout) {
			t.Errorf("ended with %v", e)
		}
	})
}

// A peer has a moment to close its direction when all has left, not when it was sealed.
func TestTLSSlowEnd(t *testing.T) {
	t.Parallel() // it waits
	bothModesAtOnce(t, func(t *testing.T, r *rig) {
		ends := make(chan *conn.CloseError, 1)
		_, client := blocked(t, r, conn.Config{}, ending(ends, hooks{message: func(c *conn.Conn, op conn.Opcode, _ []byte) error {
			for range 10 {
				c.Write(context.Background(), op, long[:4000])
			}
			return nil
		}})(), tlsServer, tlsClient)
		io.WriteString(client, "\x82\x80\x00\x00\x00\x00"+"\x83\x80\x00\x00\x00\x00") // a message, and what isn't right
		select {
		case e := <-ends:
			t.Errorf("ended with %v", e)
		case <-time.After(1300 * time.Millisecond): // which is longer than the moment
		}
		got, err := io.ReadAll(client)
		if answers := 10 * (4 + 4000); err != nil || len(got) < answers+4 || string(got[answers+2:answers+4]) != "\x03\xea" {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		client.Close()
		if e := next(t, ends, "end"); e.Code != conn.CodeProtocolError {
			t.Errorf("ended with %v", e)
		}
	})
}
