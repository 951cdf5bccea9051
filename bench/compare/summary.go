package main

import (
	"fmt"
	"strings"
)

// engines are our servers in the columns of the summary: name and column.
func engines() [][2]string {
	return [][2]string{{"godwit", "blocking"}, {"godwit-loop", "loop"}, {"godwit-pooled", "pooled"}}
}

// engineRow returns the row of one of our engines, of the framework on it where the
// engine alone takes no part.
func engineRow(rows []row, name string) (row, bool) {
	if r, ok := named(rows, name); ok {
		return r, true
	}
	return named(rows, strings.Replace(name, "godwit", "godwit-app", 1))
}

// writeSummary holds our engines against the best of the other libraries, a row a
// scenario.
func (r *report) writeSummary(b *strings.Builder) {
	b.WriteString("## Summary\n\nGodwit on its three engines (blocking: a goroutine per connection; loop: event loops that call the hooks; pooled: event\n" +
		"loops, hooks may wait), the best other Go library, and the raw TCP echoes; broadcasts go through the framework. The ratios\n" +
		"are those of our best engine: below 1 the other needs more. ✗ marks an engine that needs more than the best other library.\n\n")
	b.WriteString("| scenario | blocking | loop | pooled | best other library | ours ÷ it | raw Go | ours ÷ it | raw C | ours ÷ it | |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|\n")
	for i := range r.scenarios {
		sc := &r.scenarios[i]
		if rows := r.matrix.rows(sc, r.servers); len(rows) > 0 {
			writeSummaryRow(b, sc, rows)
		}
	}
	b.WriteString("\n")
}

func writeSummaryRow(b *strings.Builder, sc *scenario, rows []row) {
	rival, contested := best(rows, library)
	fmt.Fprintf(b, "| %s |", sc.heading())
	var first row
	var won, lost []string
	for _, e := range engines() {
		mine, ok := engineRow(rows, e[0])
		if !ok {
			b.WriteString(" - |")
			continue
		}
		if first.server == nil || sc.figure(mine.figures) < sc.figure(first.figures) {
			first = mine
		}
		mark := ""
		if contested && sc.figure(mine.figures) > sc.figure(rival.figures) {
			mark = " ✗"
			lost = append(lost, e[1])
		} else {
			won = append(won, e[1])
		}
		fmt.Fprintf(b, " %s%s |", sc.show(mine.figures), mark)
	}
	to := func(base row, ok bool) string {
		if first.server == nil {
			return "-"
		}
		return ratioTo(sc, first, base, ok)
	}
	other := "-"
	if contested {
		other = fmt.Sprintf("%s (%s)", sc.show(rival.figures), rival.server.name)
	}
	fmt.Fprintf(b, " %s | %s |", other, to(rival, contested))
	for _, name := range []string{"raw-go", "raw-c"} {
		raw, ok := named(rows, name)
		shown := "-"
		if ok {
			shown = sc.show(raw.figures)
		}
		fmt.Fprintf(b, " %s | %s |", shown, to(raw, ok))
	}
	fmt.Fprintf(b, " %s |\n", verdict(won, lost, contested))
}

// verdict says who of our engines needs less than all other libraries.
func verdict(won, lost []string, contested bool) string {
	switch {
	case !contested || len(won)+len(lost) == 0:
		return ""
	case len(won) == 0:
		return "**lost**"
	case len(lost) == 0:
		return "won"
	}
	return "won by " + strings.Join(won, " and ")
}
