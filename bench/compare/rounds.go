package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// runAll runs all scenarios against all servers, in turn, round by round: what a
// machine does beside that meets all of them alike. Each round begins with another
// server. A run that fails is reported on w and left out; the error says how many.
func runAll(ctx context.Context, w io.Writer, p *programs, ss []server, scs []scenario, rounds int, t timing) (matrix, error) {
	m := make(matrix)
	failed := make(map[string]int)
	for round := range rounds {
		for i := range scs {
			for k := range ss {
				sc, s := &scs[i], &ss[(k+round)%len(ss)]
				if !s.takesPart(sc) || round >= sc.rounds(rounds) {
					continue
				}
				f, err := measure(ctx, p, s, sc, t.of(sc))
				if ctx.Err() != nil {
					return m, context.Cause(ctx)
				}
				if err != nil {
					failed[s.name+" "+sc.name]++
					fmt.Fprintf(w, "round %d: %v\n", round+1, err)
					continue
				}
				m.add(sc, s, f)
				fmt.Fprintf(w, "round %d  %-22s %-17s %s\n", round+1, sc.name, s.name, sc.show(f))
			}
		}
	}
	if len(failed) > 0 {
		return m, fmt.Errorf("runs failed: %s", strings.Join(slices.Sorted(maps.Keys(failed)), ", "))
	}
	return m, nil
}

// of returns how long a run of a scenario takes.
func (t timing) of(sc *scenario) timing {
	switch {
	case sc.counts == memory:
		t.duration *= 2 // the connections rest
	case sc.needs&broadcast != 0:
		t.warmUp *= 6 // thousands have just been opened
	}
	return t
}

// whole returns about how long a run takes in all.
func (t timing) whole(sc *scenario) time.Duration {
	each := opening
	if sc.needs&secure != 0 {
		each = secureOpening
	}
	return startup + t.warmUp + t.duration + time.Duration(sc.connections())*each
}

// Besides what is measured a run takes about startup, and for each of its connections
// about opening, with TLS about secureOpening.
const (
	startup       = 200 * time.Millisecond
	opening       = 300 * time.Microsecond
	secureOpening = time.Millisecond
)

// estimate says about how long runAll takes.
func estimate(ss []server, scs []scenario, rounds int, t timing) (d time.Duration) {
	for i := range scs {
		for k := range ss {
			if ss[k].takesPart(&scs[i]) {
				d += time.Duration(scs[i].rounds(rounds)) * t.of(&scs[i]).whole(&scs[i])
			}
		}
	}
	return d
}
