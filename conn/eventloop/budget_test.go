package eventloop_test

import (
	"encoding/binary"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/conn"
)

// The connections that hold most of Config.MaxBuffered are closed, be it parts of
// messages or answers that aren't read; others go on, and in the end nothing is held.
func TestBudget(t *testing.T) {
	for name, abuse := range map[string]func(*net.TCPConn){
		"partial-messages": func(nc *net.TCPConn) { nc.Write(binaryFrame(1 << 20)[:300_000]) },
		"unread-answers": func(nc *net.TCPConn) {
			nc.SetReadBuffer(4 << 10)
			nc.SetWriteDeadline(time.Now().Add(3 * time.Second))
			for range 100 {
				if _, err := nc.Write(binaryFrame(60_000)); err != nil {
					return
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bothModesAtOnce(t, func(t *testing.T, r *rig) {
				const crowd = 24
				ends := make(chan *conn.CloseError, crowd+1)
				r.serve(conn.Config{MaxBuffered: 2 << 20, CloseTimeout: 100 * time.Millisecond}, ending(ends, hooks{}))
				bystander := r.dial(conn.Config{})
				for range crowd {
					nc := r.raw()
					go abuse(nc)
				}
				for overloaded := 0; overloaded < 1; {
					if e := next(t, ends, "an end for overload"); errors.Is(e, conn.ErrOverloaded) && e.Code == conn.CodeTryAgainLater {
						overloaded++
					}
				}
				write(t, bystander, "served")
				read(t, bystander, "served")
				if n := r.up.Buffered(); n > 4<<20 {
					t.Errorf("%d bytes are held", n)
				}
				r.engine.Close()
				if n := r.up.Buffered(); n != 0 {
					t.Errorf("%d bytes are held by nobody", n)
				}
			})
		})
	}
}

// binaryFrame returns a masked frame of n bytes.
func binaryFrame(n int) []byte {
	b := append([]byte{0x82, 0xff}, make([]byte, 8+4)...)
	binary.BigEndian.PutUint64(b[2:], uint64(n))
	if n < 1<<16 {
		b = append([]byte{0x82, 0xfe}, make([]byte, 2+4)...)
		binary.BigEndian.PutUint16(b[2:], uint16(n))
	}
	return append(b, make([]byte, n)...)
}
