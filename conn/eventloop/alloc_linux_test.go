//go:build !race

package eventloop_test

import (
	"bytes"
	"fmt"
	"strconv"
	"testing"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/eventloop"
)

// An unfragmented message costs no allocation, whichever way hooks are called.
func TestMessagesDoNotAllocate(t *testing.T) {
	for _, mode := range modes {
		for _, size := range []int{0, 125, 4 << 10, 48 << 10, 1 << 20} {
			t.Run(fmt.Sprintf("%s/size=%d", mode.name, size), func(t *testing.T) {
				r := newRig(t, eventloop.Config{Loops: 1, Inline: mode.inline})
				r.serve(conn.Config{MaxMessageSize: 4 << 20}, echo)
				c := r.dial(conn.Config{MaxMessageSize: 4 << 20})
				message := bytes.Repeat([]byte("m"), size)
				dst := make([]byte, 0, size+1)
				allocs := testing.AllocsPerRun(200, func() {
					if err := c.Write(t.Context(), conn.Text, message); err != nil {
						t.Fatal(err)
					}
					if _, got, err := c.ReadInto(t.Context(), dst); err != nil || len(got) != size {
						t.Fatal(len(got), err)
					}
				})
				if allocs != 0 {
					t.Errorf("%v allocations for a message to and fro", allocs)
				}
			})
		}
	}
}

// A field more, and each socket would be allocated with 16 bytes more.
func TestSize(t *testing.T) {
	if strconv.IntSize == 64 && eventloop.SizeOfSocket > 80 {
		t.Errorf("a socket is %d bytes", eventloop.SizeOfSocket)
	}
}

// An idle connection has no goroutine and little memory, also after it was busy.
func TestIdleConnections(t *testing.T) {
	bothModes(t, func(t *testing.T, r *rig) {
		r.serve(conn.Config{}, echo)
		const n = 500
		before := measure()
		for range n {
			nc := r.raw()
			nc.Write([]byte("\x81\x85\x00\x00\x00\x00hello"))
			nc.Read(make([]byte, 7))
		}
		for range n {
			next(t, r.conns, "connection")
		}
		grown := measure()
		if more := grown.goroutines - before.goroutines; more > 20 {
			t.Errorf("%d goroutines for %d connections", more, n)
		}
		// the test's own ends of the connections are about as large again
		if each := (grown.heap - before.heap) / n; each > 2000 {
			t.Errorf("%d bytes a connection, its client included", each)
		}
	})
}
