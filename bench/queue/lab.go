package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/godwit-ws/godwit/store"
)

// lab is what measurements need.
type lab struct {
	dir      string // for files
	messages [][]byte
	number   map[string]int // by message
	scale    float64        // how much of each measurement is done
	python   python
}

func newLab(dir string, scale float64, p python) *lab {
	l := &lab{dir: dir, scale: scale, messages: makeMessages(), number: make(map[string]int, kinds), python: p}
	for i, m := range l.messages {
		l.number[string(m)] = i
	}
	return l
}

// medium is where messages are kept.
type medium int

const (
	inMemory medium = iota
	onDisk          // synced now and then
	synced          // synced before an append returns
)

func (m medium) String() string {
	return [...]string{inMemory: "in memory", onDisk: "on disk, synced within 100 ms", synced: "on disk, synced at once"}[m]
}

// open opens an empty store in a folder of its own; end closes and removes it.
func (l *lab) open(m medium) (s store.Store, end func() error, err error) {
	cfg := store.Config{MaxMessages: -1, MaxBytes: -1}
	if m == inMemory {
		s := store.NewMemory(cfg)
		return s, s.Close, nil
	}
	if m == onDisk {
		cfg.Sync = store.SyncInterval
	}
	if cfg.Dir, err = os.MkdirTemp(l.dir, "store"); err != nil {
		return nil, nil, err
	}
	d, err := store.OpenDisk(cfg)
	if err != nil {
		return nil, nil, err
	}
	return d, func() error {
		if err := d.Close(); err != nil {
			return err
		}
		return os.RemoveAll(cfg.Dir)
	}, nil
}

// outcome is what a measurement gave.
type outcome struct {
	perSecond float64
	allocs    float64 // for each operation; negative if it wasn't measured
}

// clock does n operations and measures them.
func clock(n int, do func() error) (outcome, error) {
	runtime.GC() // what others have left behind isn't these operations' to clear
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	begin := time.Now()
	err := do()
	took := time.Since(begin)
	runtime.ReadMemStats(&after)
	return outcome{perSecond: float64(n) / took.Seconds(), allocs: float64(after.Mallocs-before.Mallocs) / float64(n)}, err
}

// inParallel calls do for 0 to n-1 on so many goroutines: for p, p+workers, and so on
// on the one of number p. It returns an error of any.
func inParallel(workers, n int, do func(i int) error) error {
	var wg sync.WaitGroup
	failed := make([]error, workers)
	for p := range workers {
		wg.Go(func() {
			for i := p; i < n && failed[p] == nil; i += workers {
				failed[p] = do(i)
			}
		})
	}
	wg.Wait()
	for p, err := range failed {
		if err != nil {
			return fmt.Errorf("producer %d: %w", p+1, err)
		}
	}
	return nil
}

// storing measures a store with a backlog: do is called on the clock, and check
// afterwards.
func (l *lab) storing(ctx context.Context, m medium, n, backlog int, do, check func(store.Store) error) (o outcome, err error) {
	s, end, err := l.open(m)
	if err != nil {
		return o, err
	}
	if err = l.fill(ctx, s, backlog); err == nil {
		o, err = clock(n, func() error { return do(s) })
	}
	if err == nil {
		err = check(s)
	}
	if ended := end(); err == nil {
		err = ended
	}
	return o, err
}
