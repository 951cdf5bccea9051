package conn_test

import (
	"errors"
	"net"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
)

// After the closing handshake a socket stays until its peer has closed, though the
// connection is over: what comes behind the peer's Close doesn't end in a reset. A
// peer that never closes, or sends without end, is not waited for very long.
func TestLingering(t *testing.T) {
	tests := []struct {
		name   string
		behind func(t *testing.T, nc net.Conn) // what the peer does once it has our Close
	}{
		{"closes", func(t *testing.T, nc net.Conn) { nc.Close() }},
		{"sends and closes", func(t *testing.T, nc net.Conn) {
			for range 20 {
				if _, err := nc.Write(make([]byte, 64<<10)); err != nil {
					t.Errorf("behind the Close: %v", err)
				}
			}
			nc.Close()
		}},
		{"sends without end", func(t *testing.T, nc net.Conn) {
			nc.SetDeadline(time.Now().Add(30 * time.Second))
			for {
				if _, err := nc.Write(make([]byte, 64<<10)); err != nil {
					if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
						t.Error("its bytes are taken for ever")
					}
					return
				}
			}
		}},
		{"sends a little and never closes", func(t *testing.T, nc net.Conn) {
			for start := time.Now(); time.Since(start) < 30*time.Second; time.Sleep(10 * time.Millisecond) {
				if _, err := nc.Write([]byte{0}); err != nil {
					return // it was answered with a reset
				}
			}
			t.Error("its bytes are taken for ever")
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, p := acceptTCP(t, conn.Config{})
			p.send(whole(frame.Close, "\x03\xe8"))
			_, _, err := c.Read(t.Context())
			wantEnd(t, err, frame.CodeNormal, true, nil)
			p.wantClose(frame.CodeNormal)
			p.wantEOF()
			tt.behind(t, p.nc)
		})
	}
}

// As many connections as end at once, all are closed in order.
func TestLingeringMany(t *testing.T) {
	const n = 1500 // more than wait for their peers in one place
	peers := make([]*peer, n)
	for i := range peers {
		var c *conn.Conn
		c, peers[i] = acceptTCP(t, conn.Config{})
		peers[i].send(whole(frame.Close, "\x03\xe8"))
		go c.Read(t.Context())
	}
	for _, p := range peers {
		p.wantClose(frame.CodeNormal)
		p.wantEOF()
	}
	for _, p := range peers {
		p.nc.Close()
	}
}
