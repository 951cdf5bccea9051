package app_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/store"
)

// BenchmarkNodeSend sends acknowledged messages from one node to another over
// loopback: one at a time, and with many on their way on one connection.
func BenchmarkNodeSend(b *testing.B) {
	for _, kind := range []string{"memory", "disk"} {
		for _, inFlight := range []int{1, 64, 1024} {
			b.Run(fmt.Sprintf("store=%s/inflight=%d", kind, inFlight), func(b *testing.B) {
				var s store.Store = store.NewMemory(store.Config{MaxMessages: -1, MaxBytes: -1})
				if kind == "disk" {
					s = benchDisk(b)
				}
				benchNodeSend(b, s, inFlight)
			})
		}
	}
}

func benchDisk(b *testing.B) store.Store {
	d, err := store.OpenDisk(store.Config{Dir: b.TempDir(), MaxBytes: -1})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { d.Close() })
	return d
}

func benchNodeSend(b *testing.B, s store.Store, inFlight int) {
	ctx := context.Background()
	to, from := app.NewNode(app.NodeConfig{Store: s}), app.NewNode(app.NodeConfig{})
	port := startNode(b, to)
	b.Cleanup(func() { from.Stop(ctx); to.Stop(ctx) })
	send := func() error { return from.Send(ctx, "127.0.0.1", port, "聊天", "文本", "你好，世界") }
	if err := send(); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	var left atomic.Int64
	left.Store(int64(b.N))
	var senders sync.WaitGroup
	for range inFlight {
		senders.Go(func() {
			for left.Add(-1) >= 0 {
				if err := send(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	senders.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
}
