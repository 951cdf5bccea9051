package conn_test

import (
	"context"
	"testing"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
)

// TestAbortMeetsAReaderOnItsWay aborts connections at the moment when their
// reader, having found nothing, is about to wait. Closing a socket waits for
// those who are at it just then, so Abort must not keep them from going on: if it
// does, this test never ends.
func TestAbortMeetsAReaderOnItsWay(t *testing.T) {
	for range 1000 {
		c, p := acceptTCP(t, conn.Config{})
		read, over := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(over)
			if _, _, err := c.Read(context.Background()); err != nil {
				t.Errorf("Read: %v", err)
			}
			close(read)
			c.Read(context.Background()) // Abort ends it
		}()
		p.send(whole(frame.Text, "wake up"))
		<-read
		c.Abort()
		<-over
		p.nc.Close()
	}
}
