//go:build !race

package conn_test

import (
	"context"
	"runtime"
	"testing"

	"github.com/godwit-ws/godwit/conn"
)

// TestRestIsSmall pins what Serve is for: a connection that rests has the smallest stack
// there is.
func TestRestIsSmall(t *testing.T) {
	const conns = 256
	stacks := func() uint64 {
		runtime.GC()
		runtime.GC() // the first gives the stacks of goroutines back that have ended
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.StackInuse
	}
	before := stacks()
	for range conns {
		s, c, _, ends := served(t, overTCP, conn.Config{})
		ctx := context.Background()
		if err := c.Write(ctx, conn.Text, []byte("hello")); err != nil {
			t.Fatal(err)
		}
		if _, _, err := c.Read(ctx); err != nil {
			t.Fatal(err)
		}
		resting(t, s)
		t.Cleanup(func() { s.Abort(); c.Abort(); <-ends })
	}
	if each := (stacks() - before) / conns; each > 3<<10 {
		t.Errorf("%d bytes of stack for each connection, want the 2,048 of a fresh goroutine", each)
	}
}
