package store_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/godwit-ws/godwit/store"
)

// kinds are the stores that are measured.
var kinds = []struct {
	name string
	open func(b *testing.B) store.Store
}{
	{"kind=memory", func(*testing.B) store.Store {
		return store.NewMemory(store.Config{MaxMessages: -1, MaxBytes: -1})
	}},
	{"kind=disk/sync=always", func(b *testing.B) store.Store { return openBench(b, store.SyncAlways) }},
	{"kind=disk/sync=interval", func(b *testing.B) store.Store { return openBench(b, store.SyncInterval) }},
	{"kind=disk/sync=never", func(b *testing.B) store.Store { return openBench(b, store.SyncNever) }},
}

func openBench(b *testing.B, sync store.Sync) store.Store {
	d, err := store.OpenDisk(store.Config{Dir: b.TempDir(), Sync: sync, MaxBytes: -1})
	if err != nil {
		b.Fatal(err)
	}
	return d
}

// fill stores a backlog, in groups.
func fill(b *testing.B, s store.Store, backlog int) {
	group := make([][]byte, 1000)
	for i := range group {
		group[i] = sample
	}
	for n := backlog; n > 0; n -= len(group) {
		if err := s.AppendAll(ctx, group[:min(n, len(group))]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, k := range kinds {
		b.Run(k.name, func(b *testing.B) {
			s := k.open(b)
			defer s.Close()
			b.SetBytes(int64(len(sample)))
			b.ReportAllocs()
			for b.Loop() {
				if err := s.Append(ctx, sample); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAppendParallel(b *testing.B) {
	for _, k := range kinds {
		b.Run(k.name+"/producers=64", func(b *testing.B) {
			s := k.open(b)
			defer s.Close()
			b.SetBytes(int64(len(sample)))
			b.ReportAllocs()
			b.SetParallelism(32) // times two processors
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := s.Append(ctx, sample); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

func BenchmarkAppendAll(b *testing.B) {
	for _, k := range kinds {
		b.Run(k.name+"/group=100", func(b *testing.B) {
			s := k.open(b)
			defer s.Close()
			group := make([][]byte, 100)
			for i := range group {
				group[i] = sample
			}
			b.SetBytes(int64(len(group) * len(sample)))
			b.ReportAllocs()
			for b.Loop() {
				if err := s.AppendAll(ctx, group); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkTake takes and acknowledges; when nothing is left it stores more, off the clock.
func BenchmarkTake(b *testing.B) {
	for _, k := range kinds {
		b.Run(k.name, func(b *testing.B) {
			s := k.open(b)
			defer s.Close()
			b.SetBytes(int64(len(sample)))
			b.ReportAllocs()
			for b.Loop() {
				err := takeOne(s)
				if errors.Is(err, store.ErrEmpty) {
					b.StopTimer()
					fill(b, s, 100_000)
					b.StartTimer()
				} else if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkThrough moves one message in and one out with a backlog in between.
func BenchmarkThrough(b *testing.B) {
	for _, k := range kinds {
		for _, backlog := range []int{0, 1_000_000} {
			b.Run(fmt.Sprintf("%s/queued=%d", k.name, backlog), func(b *testing.B) {
				s := k.open(b)
				defer s.Close()
				fill(b, s, backlog)
				b.SetBytes(int64(len(sample)))
				b.ReportAllocs()
				for b.Loop() {
					if err := s.Append(ctx, sample); err != nil {
						b.Fatal(err)
					}
					if err := takeOne(s); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	for _, queued := range []int{1000, 1_000_000} {
		b.Run(fmt.Sprintf("queued=%d", queued), func(b *testing.B) {
			cfg := store.Config{Dir: b.TempDir(), Sync: store.SyncNever, MaxBytes: -1}
			d, err := store.OpenDisk(cfg)
			if err != nil {
				b.Fatal(err)
			}
			fill(b, d, queued)
			d.Close()
			info, err := os.Stat(filepath.Join(cfg.Dir, store.FileName))
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(info.Size())
			b.ReportAllocs()
			for b.Loop() {
				d, err := store.OpenDisk(cfg)
				if err != nil || d.Len() != queued {
					b.Fatalf("opened with %d messages, %v", d.Len(), err)
				}
				d.Close()
			}
		})
	}
}

func BenchmarkCompact(b *testing.B) {
	const queued = 100_000
	d := openBench(b, store.SyncNever).(*store.Disk)
	defer d.Close()
	fill(b, d, queued)
	b.ReportAllocs()
	for b.Loop() {
		if err := d.Compact(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	b.SetBytes(int64(len(sample)))
	b.ReportAllocs()
	for b.Loop() {
		if err := store.CheckOnly(sample); err != nil {
			b.Fatal(err)
		}
	}
}
