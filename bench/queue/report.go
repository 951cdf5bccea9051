package main

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/godwit-ws/godwit/bench/internal/figure"
)

// report is all that QUEUE.md says.
type report struct {
	date         time.Time
	machine      string // and file system
	rounds       int
	scale        float64 // how much of each measurement was done
	python       python
	measurements []measurement
	results      results
}

// comparison is a thing done both ways.
type comparison struct{ title, seed, ours string }

func comparisons() []comparison {
	const queued = ", 1,500 queued"
	return []comparison{
		{"store a message on disk" + queued, "seed-append", "append-disk-queued"},
		{"the same, Godwit's synced at once", "seed-append", "append-synced-queued"},
		{"take a message from disk" + queued, "seed-take", "take-disk-queued"},
		{"send, acknowledged, stored in memory, one at a time", "seed-send-memory", "send-memory"},
		{"the same, Godwit's 1024 on their way", "seed-send-memory", "send-memory-1024"},
		{"send, acknowledged, stored on disk" + queued + ", Godwit's synced at once", "seed-send-disk", "send-synced-queued"},
		{"the same, Godwit's 1024 on their way", "seed-send-disk", "send-synced-1024"},
	}
}

// markdown writes the whole report.
func (r *report) markdown() string {
	var b strings.Builder
	b.WriteString("# Stored messages and the node\n\n")
	fmt.Fprintf(&b, "Measured on %s: %s; %s. %s.\n\n", r.date.Format("2 January 2006"), r.machine, r.python, figure.Rounds(r.rounds))
	if r.scale != 1 {
		fmt.Fprintf(&b, "**This run did only %g of each measurement, backlogs included.**\n\n", r.scale)
	}
	b.WriteString(introduction)
	r.writeSeed(&b)
	r.writeAll(&b)
	return b.String()
}

const introduction = "To reproduce: `cd bench && go run ./queue` (`-h` lists its flags). A message is a JSON object of about 240 bytes. After each\n" +
	"measurement all that is stored is looked at: a message that is missing, altered or there twice ends the run. Both nodes, and\n" +
	"producers and store, are in one process; allocations are those of both sides.\n\n" +
	"Sync says when the disk itself has a message: at once means before the store takes it as stored, with many producers sharing\n" +
	"a sync; within 100 ms means that until then it survives the process, not the machine.\n\n"

// writeSeed holds our way against the seed's.
func (r *report) writeSeed(b *strings.Builder) {
	b.WriteString("## Beside the way of the Python library\n\nA program of our own works as WebSocketProtocolCore is described to: the whole file is written anew for each message, and each\n" +
		"message sent has a connection of its own. It never syncs.\n\n" +
		"| | its way, a second | Godwit, a second | ratio |\n|---|--:|--:|--:|\n")
	for _, c := range comparisons() {
		theirs, ok := r.middle(c.seed)
		ours, too := r.middle(c.ours)
		if ok && too {
			fmt.Fprintf(b, "| %s | %s | %s | %s |\n", c.title, figure.Thousands(theirs.perSecond), figure.Thousands(ours.perSecond), times(ours.perSecond/theirs.perSecond))
		}
	}
	b.WriteString("\n")
}

// times gives a ratio.
func times(ratio float64) string {
	if ratio < 10 {
		return fmt.Sprintf("%.2f ×", ratio)
	}
	return figure.Thousands(ratio) + " ×"
}

// writeAll lists all measurements of ours.
func (r *report) writeAll(b *strings.Builder) {
	b.WriteString("## Godwit\n\n| | a second | spread | allocations each | aim | |\n|---|--:|--:|--:|--:|---|\n")
	for i := range r.measurements {
		m := &r.measurements[i]
		o, ok := r.middle(m.name)
		if !ok || m.seed {
			continue
		}
		aim, verdict, allocs := "", "", "-"
		if m.aim > 0 {
			aim, verdict = "≥ "+figure.Thousands(m.aim), "met"
			if o.perSecond < m.aim {
				verdict = "**missed**"
			}
		}
		if o.allocs >= 0 {
			allocs = fmt.Sprintf("%.2f", o.allocs)
		}
		fmt.Fprintf(b, "| %s | %s | %.0f %% | %s | %s | %s |\n", m.title, figure.Thousands(o.perSecond), 100*r.spread(m.name), allocs, aim, verdict)
	}
	b.WriteString("\n")
}

// middle returns the medians of a measurement, if it was made.
func (r *report) middle(name string) (outcome, bool) {
	runs := r.results[name]
	if len(runs) == 0 {
		return outcome{}, false
	}
	return outcome{
		perSecond: median(runs, func(o outcome) float64 { return o.perSecond }),
		allocs:    median(runs, func(o outcome) float64 { return o.allocs }),
	}, true
}

// spread returns the largest figure less the smallest, by the median.
func (r *report) spread(name string) float64 {
	least, most := math.Inf(1), 0.0
	for _, o := range r.results[name] {
		least, most = min(least, o.perSecond), max(most, o.perSecond)
	}
	o, _ := r.middle(name)
	return (most - least) / o.perSecond
}

// median returns the median of a figure.
func median(runs []outcome, of func(outcome) float64) float64 {
	values := make([]float64, 0, len(runs))
	for _, o := range runs {
		values = append(values, of(o))
	}
	return figure.Median(values)
}
