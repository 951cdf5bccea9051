package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/godwit-ws/godwit/bench/internal/figure"
	"github.com/godwit-ws/godwit/store"
)

// How many messages a measurement is about.
const (
	million = 1_000_000
	backlog = 1500 // that of which the seed's figures are known
)

// appending stores messages, by so many producers.
func appending(name string, m medium, n, queued, producers int, aim float64) measurement {
	title := fmt.Sprintf("store, %v", m)
	if producers > 1 {
		title += fmt.Sprintf(", %d producers", producers)
	}
	return measurement{name: name, title: behind(title, queued), n: n, aim: aim, run: func(ctx context.Context, l *lab, n int) (outcome, error) {
		queued := l.scaled(queued)
		return l.storing(ctx, m, n, queued, func(s store.Store) error {
			return inParallel(producers, n, func(i int) error { return s.Append(ctx, l.messages[(queued+i)%kinds]) })
		}, func(s store.Store) error { return l.check(s, 0, queued+n, order(producers == 1)) })
	}}
}

func behind(title string, queued int) string {
	if queued == 0 {
		return title
	}
	return fmt.Sprintf("%s, behind %s others", title, figure.Thousands(float64(queued)))
}

// taking takes and acknowledges messages that were stored before.
func taking(name string, m medium, n, queued int, aim float64) measurement {
	title := fmt.Sprintf("take, %v", m)
	if queued > 0 {
		title += fmt.Sprintf(", with %s queued", figure.Thousands(float64(queued)))
	}
	return measurement{name: name, title: title, n: n, aim: aim, run: func(ctx context.Context, l *lab, n int) (outcome, error) {
		stored := max(n, l.scaled(queued))
		return l.storing(ctx, m, n, stored, func(s store.Store) error { return l.take(s, 0, n) },
			func(s store.Store) error { return l.check(s, n, stored-n, inOrder) })
	}}
}

// through stores a message and takes the oldest, again and again.
func through(name string, m medium, n, queued int) measurement {
	return measurement{name: name, title: behind(fmt.Sprintf("store one and take one, %v", m), queued), n: n, run: func(ctx context.Context, l *lab, n int) (outcome, error) {
		queued := l.scaled(queued)
		return l.storing(ctx, m, n, queued, func(s store.Store) error {
			for i := range n {
				if err := s.Append(ctx, l.messages[(queued+i)%kinds]); err != nil {
					return err
				}
				if err := l.take(s, i, 1); err != nil {
					return err
				}
			}
			return nil
		}, func(s store.Store) error { return l.check(s, n, queued, inOrder) })
	}}
}

// opening opens a file of messages. What counts is how many are read in a second.
func opening(name string, n int) measurement {
	return measurement{name: name, title: "open a file, messages read", n: n, aim: million, run: func(ctx context.Context, l *lab, n int) (o outcome, err error) {
		cfg := store.Config{Dir: filepath.Join(l.dir, name), Sync: store.SyncNever, MaxBytes: -1}
		d, err := store.OpenDisk(cfg)
		if err != nil {
			return o, err
		}
		if err := l.fill(ctx, d, n); err != nil {
			return o, err
		}
		if err := d.Close(); err != nil {
			return o, err
		}
		o, err = clock(n, func() error {
			d, err = store.OpenDisk(cfg)
			return err
		})
		if err != nil {
			return o, err
		}
		o.allocs = -1
		if err := l.check(d, 0, n, inOrder); err != nil {
			return o, err
		}
		if err := l.take(d, 0, n); err != nil { // so that the file is empty for the next round
			return o, err
		}
		return o, d.Close()
	}}
}
