package main

import (
	"fmt"
	"strings"

	"github.com/godwit-ws/godwit/bench/internal/figure"
)

// writeScenario writes the chart and the table of a scenario.
func (r *report) writeScenario(b *strings.Builder, sc *scenario) {
	rows := r.matrix.rows(sc, r.servers)
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(b, "## %s\n\n![%s](charts/%s.svg)\n\n", sc.heading(), sc.title, sc.name)
	b.WriteString(sc.table(rows))
	b.WriteString("\n")
}

// heading is the title as a sentence begins.
func (sc *scenario) heading() string { return strings.ToUpper(sc.title[:1]) + sc.title[1:] }

// table makes the table of a scenario.
func (sc *scenario) table(rows []row) string {
	var b strings.Builder
	what := sc.counts.column() + " per " + sc.per
	if sc.counts == memory {
		fmt.Fprintf(&b, "| server | %s | to raw Go | to raw C |\n|---|--:|--:|--:|\n", what)
		for _, r := range rows {
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", r.label(), sc.show(r.figures),
				ratioToNamed(sc, r, rows, "raw-go"), ratioToNamed(sc, r, rows, "raw-c"))
		}
		return b.String()
	}
	fmt.Fprintf(&b, "| server | %s | spread | to raw Go | to raw C | %s a second | p50 | p99 | p99.9 | allocations | generator |\n", what, plural(sc.per))
	b.WriteString("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s | %s | %.0f %% | %s | %s | %s | %s | %s | %s | %s | %s |\n",
			r.label(), sc.show(r.figures), 100*r.spread, ratioToNamed(sc, r, rows, "raw-go"), ratioToNamed(sc, r, rows, "raw-c"),
			figure.Thousands(r.rate), micro(r.p50), micro(r.p99), micro(r.p999), showAllocs(r.allocs), micro(r.generator))
	}
	return b.String()
}

// column is the measure as the head of a column.
func (m metric) column() string {
	return [...]string{cpu: "CPU", memory: "memory", wall: "time"}[m]
}

func plural(noun string) string {
	if stem, ok := strings.CutSuffix(noun, "y"); ok {
		return stem + "ies"
	}
	return noun + "s"
}

// label is the server's name, ours in bold.
func (r *row) label() string {
	if r.server.kind == ours {
		return "**" + r.server.name + "**"
	}
	return r.server.name
}

// ratioTo gives what counts of a row by that of another, if there is one.
func ratioTo(sc *scenario, r, base row, ok bool) string {
	if !ok || sc.figure(base.figures) <= 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", sc.figure(r.figures)/sc.figure(base.figures))
}

func ratioToNamed(sc *scenario, r row, rows []row, name string) string {
	base, ok := named(rows, name)
	return ratioTo(sc, r, base, ok)
}

// show gives what counts in a scenario, with its unit.
func (sc *scenario) show(f figures) string {
	if sc.counts == memory {
		return inBytes(f.memory)
	}
	return micro(sc.figure(f))
}

// showAllocs gives allocations for each message; what wasn't measured is a dash.
func showAllocs(n float64) string {
	if n < 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f", n)
}

// inBytes gives an amount of memory with three digits or so.
func inBytes(n float64) string {
	if n < 1e3 {
		return fmt.Sprintf("%.0f B", n)
	}
	return fmt.Sprintf("%.1f KB", n/1e3)
}

// micro gives a time with three digits, in microseconds up to a thousand of them.
func micro(seconds float64) string {
	us := seconds * 1e6
	switch {
	case us >= 1e6:
		return fmt.Sprintf("%.2f s", us/1e6)
	case us >= 1e3:
		return fmt.Sprintf("%.3g ms", us/1e3)
	case us >= 100:
		return fmt.Sprintf("%.0f µs", us)
	case us >= 10:
		return fmt.Sprintf("%.1f µs", us)
	case us >= 1:
		return fmt.Sprintf("%.2f µs", us)
	}
	return fmt.Sprintf("%.3f µs", us)
}
