package conn_test

import (
	"context"
	"io"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
)

// What waits behind a message that can't be finished isn't sent after all: nothing
// but the Close may follow its first part.
func TestNothingFollowsAnUnfinishedMessage(t *testing.T) {
	for range 100 {
		synctest.Test(t, func(t *testing.T) {
			c, p := accept(t, conn.Config{})
			w, err := c.Writer(t.Context(), conn.Text)
			if err != nil {
				t.Fatal(err)
			}
			io.WriteString(w, "begun")
			w.Flush()
			var waiting sync.WaitGroup
			for range 4 {
				waiting.Go(func() { c.WriteText(context.Background(), "waited") })
			}
			synctest.Wait()
			w.Write([]byte("\xff"))
			waiting.Wait()
			if h, m, err := p.read(); h.Opcode != frame.Text || m != "begun" || err != nil {
				t.Fatalf("peer read %+v %q, %v", h, m, err)
			}
			p.wantClose(frame.CodeInternalError)
			p.nc.Close()
			c.Abort()
		})
	}
}
