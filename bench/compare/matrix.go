package main

import (
	"slices"

	"github.com/godwit-ws/godwit/bench/internal/figure"
)

// matrix holds the runs of all rounds, by scenario and server.
type matrix map[string]map[string][]figures

func (m matrix) add(sc *scenario, s *server, f figures) {
	if m[sc.name] == nil {
		m[sc.name] = make(map[string][]figures)
	}
	m[sc.name][s.name] = append(m[sc.name][s.name], f)
}

// row is what a server showed in a scenario: medians over the rounds.
type row struct {
	server *server
	figures
	spread float64 // of what counts: largest less smallest, by the median
}

// rows returns the rows of a scenario, the best first.
func (m matrix) rows(sc *scenario, all []server) (rows []row) {
	for i := range all {
		runs := m[sc.name][all[i].name]
		if len(runs) > 0 {
			rows = append(rows, newRow(&all[i], sc, runs))
		}
	}
	slices.SortStableFunc(rows, func(a, b row) int {
		return int(sign(sc.figure(a.figures) - sc.figure(b.figures)))
	})
	return rows
}

func sign(v float64) float64 {
	switch {
	case v < 0:
		return -1
	case v > 0:
		return 1
	}
	return 0
}

// figure returns what counts in a scenario: the less the better. It is infinite where
// nothing came back.
func (sc *scenario) figure(f figures) float64 {
	switch sc.counts {
	case memory:
		return f.memory
	case wall:
		return 1 / f.rate
	}
	return f.cpu
}

func newRow(s *server, sc *scenario, runs []figures) row {
	of := func(get func(figures) float64) float64 {
		values := make([]float64, 0, len(runs))
		for _, f := range runs {
			values = append(values, get(f))
		}
		return figure.Median(values)
	}
	r := row{server: s, figures: figures{
		cpu:       of(func(f figures) float64 { return f.cpu }),
		generator: of(func(f figures) float64 { return f.generator }),
		rate:      of(func(f figures) float64 { return f.rate }),
		p50:       of(func(f figures) float64 { return f.p50 }),
		p99:       of(func(f figures) float64 { return f.p99 }),
		p999:      of(func(f figures) float64 { return f.p999 }),
		allocs:    of(func(f figures) float64 { return f.allocs }),
		memory:    of(func(f figures) float64 { return f.memory }),
	}}
	least, most := sc.figure(runs[0]), sc.figure(runs[0])
	for _, f := range runs {
		least, most = min(least, sc.figure(f)), max(most, sc.figure(f))
	}
	if middle := sc.figure(r.figures); middle > 0 {
		r.spread = (most - least) / middle
	}
	return r
}

// best returns the best row of a kind, if there is any; the rows are sorted.
func best(rows []row, k kind) (row, bool) {
	i := slices.IndexFunc(rows, func(r row) bool { return r.server.kind == k })
	if i < 0 {
		return row{}, false
	}
	return rows[i], true
}

// named returns the row of a server, if there is one.
func named(rows []row, name string) (row, bool) {
	i := slices.IndexFunc(rows, func(r row) bool { return r.server.name == name })
	if i < 0 {
		return row{}, false
	}
	return rows[i], true
}
