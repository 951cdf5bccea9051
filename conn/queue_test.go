package conn_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/godwit-ws/godwit/conn"
)

// A queue that is never empty, because several send faster than the peer reads,
// holds what waits in it and not what has ever passed through it.
func TestQueueThatIsNeverEmptyStaysSmall(t *testing.T) {
	body := make([]byte, 10_000)
	rand.Read(body) // so that it can't be compressed
	for _, compression := range []conn.Compression{{}, {Enabled: true}} {
		synctest.Test(t, func(t *testing.T) {
			const senders, each = 3, 1000
			cfg := conn.Config{MaxQueued: 1_000_000, WriteTimeout: -1, Compression: compression}
			s, c := conn.Pipe(cfg, cfg)
			defer c.Abort()
			var sending sync.WaitGroup
			for i := range senders {
				sending.Go(func() {
					for n := range each {
						m := append([]byte{byte(i), byte(n >> 8), byte(n)}, body...)
						if err := s.Write(context.Background(), conn.Binary, m); err != nil {
							t.Error(err)
							return
						}
					}
				})
			}
			most := 0
			var next [senders]int
			for range senders * each {
				_, m, err := c.Read(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if n := int(binary.BigEndian.Uint16(m[1:])); n != next[m[0]] || !bytes.Equal(m[3:], body) {
					t.Fatalf("sender %d: message %d of %d bytes, want message %d", m[0], n, len(m), next[m[0]])
				}
				next[m[0]]++
				synctest.Wait() // all who can send have sent
				most = max(most, s.QueueMemory())
			}
			sending.Wait()
			if most > 4*cfg.MaxQueued {
				t.Errorf("the queue took %d bytes where %d may wait", most, cfg.MaxQueued)
			}
		})
	}
}
