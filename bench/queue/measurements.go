package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/godwit-ws/godwit/bench/internal/figure"
)

// measurement is one thing that is measured.
type measurement struct {
	name  string
	title string  // for the report; "" if it is there to be compared with only
	n     int     // how many operations
	aim   float64 // operations a second, at least; 0 if there is no aim
	seed  bool    // done the seed's way
	run   func(ctx context.Context, l *lab, n int) (outcome, error)
}

// measurements returns all of them in the order in which they run.
func measurements() []measurement {
	return []measurement{
		appending("append-memory", inMemory, million, 0, 1, 2e6),
		appending("append-memory-64", inMemory, million, 0, 64, 0),
		appending("append-disk", onDisk, 600_000, 0, 1, 300_000),
		appending("append-disk-64", onDisk, 600_000, 0, 64, 300_000),
		appending("append-synced", synced, 5000, 0, 1, 0),
		appending("append-synced-64", synced, 100_000, 0, 64, 60_000),
		taking("take-memory", inMemory, million, 0, 0),
		taking("take-disk", onDisk, 600_000, 0, 300_000),
		through("through-memory", inMemory, 500_000, 0),
		through("through-memory-million", inMemory, 500_000, million),
		through("through-disk", onDisk, 100_000, 0),
		through("through-disk-million", onDisk, 100_000, million),
		opening("open", million),
		sending("send-memory", inMemory, 30_000, 0, 1, 15_000),
		sending("send-memory-64", inMemory, 200_000, 0, 64, 100_000),
		sending("send-memory-1024", inMemory, 200_000, 0, 1024, 100_000),
		sending("send-disk", onDisk, 20_000, 0, 1, 0),
		sending("send-disk-64", onDisk, 100_000, 0, 64, 0),
		sending("send-disk-1024", onDisk, 200_000, 0, 1024, 0),
		sending("send-synced", synced, 5000, 0, 1, 0),
		sending("send-synced-64", synced, 50_000, 0, 64, 0),
		sending("send-synced-1024", synced, 200_000, 0, 1024, 0),
		appending("append-disk-queued", onDisk, 100_000, backlog, 1, 0),
		appending("append-synced-queued", synced, 5000, backlog, 1, 0),
		taking("take-disk-queued", onDisk, 1000, backlog, 0),
		sending("send-synced-queued", synced, 5000, backlog, 1, 0),
		seedStoring("seed-append", "append", 50),
		seedStoring("seed-take", "take", 50),
		seedSending("seed-send-memory", "memory", 500),
		seedSending("seed-send-disk", "disk", 50),
	}
}

// scaled returns a part of n, as much as -scale says, and at least 1 if n is.
func (l *lab) scaled(n int) int {
	if n == 0 {
		return 0
	}
	return max(1, int(float64(n)*l.scale))
}

// results are the outcomes of all rounds, by measurement.
type results map[string][]outcome

// runAll makes all measurements, in turn, round by round, and reports them on w. What
// can't be had is left out.
func runAll(ctx context.Context, w io.Writer, l *lab, all []measurement, rounds int) (results, error) {
	r := make(results)
	for round := range rounds {
		for i := range all {
			m := &all[i]
			begin := time.Now()
			o, err := m.run(ctx, l, l.scaled(m.n))
			if errors.Is(err, errNoPython) {
				continue
			}
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", m.name, err)
			}
			r[m.name] = append(r[m.name], o)
			fmt.Fprintf(w, "round %d  %-24s %12s a second   (%v in all)\n", round+1, m.name, figure.Thousands(o.perSecond), time.Since(begin).Round(10*time.Millisecond))
		}
	}
	return r, nil
}
