package main

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// Measures of a chart, in pixels.
const (
	chartWidth  = 760
	chartLabels = 90  // left of the bars
	chartValues = 150 // right of the longest bar
	chartTop    = 56
	barPitch    = 26
	barHeight   = 18
)

// chartStyle draws for light and dark pages alike.
const chartStyle = `<style>
text{font:13px system-ui,sans-serif;fill:#222}.title{font-weight:600;font-size:15px}.note{fill:#666}
.ours{fill:#0969da}.library{fill:#8c959f}.foreign{fill:#8c959f}.rawTCP{fill:#d0d7de}.back{fill:#fff}
@media(prefers-color-scheme:dark){text{fill:#ddd}.note{fill:#999}.ours{fill:#58a6ff}.library{fill:#6e7681}.foreign{fill:#6e7681}.rawTCP{fill:#30363d}.back{fill:#0d1117}}
</style>`

// class names the style of a kind of server.
func (k kind) class() string {
	return [...]string{ours: "ours", library: "library", foreign: "foreign", rawTCP: "rawTCP"}[k]
}

// chart draws the rows of a scenario as bars. A bar that would make all others
// short is cut, and says so by its open end.
func chart(sc *scenario, rows []row) string {
	var b strings.Builder
	height := chartTop + len(rows)*barPitch + 12
	what := sc.counts.String() + " per " + sc.per
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img">`+"\n", chartWidth, height)
	fmt.Fprintf(&b, "<title>%s: %s</title>\n%s\n", html.EscapeString(sc.title), what, chartStyle)
	fmt.Fprintf(&b, `<rect class="back" width="%d" height="%d"/>`+"\n", chartWidth, height)
	fmt.Fprintf(&b, `<text class="title" x="12" y="24">%s</text>`+"\n", html.EscapeString(sc.title))
	fmt.Fprintf(&b, `<text class="note" x="12" y="43">%s; the shorter the better</text>`+"\n", what)
	longest := scale(sc, rows)
	for i, r := range rows {
		writeBar(&b, sc, r, chartTop+i*barPitch, longest)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// scale returns the value of the longest bar: no more than six times that of the
// middle row.
func scale(sc *scenario, rows []row) float64 {
	if len(rows) == 0 {
		return 1
	}
	middle := sc.figure(rows[len(rows)/2].figures)
	longest := sc.figure(rows[len(rows)-1].figures)
	return max(min(longest, 6*middle), math.SmallestNonzeroFloat64)
}

// writeBar draws a row.
func writeBar(b *strings.Builder, sc *scenario, r row, y int, longest float64) {
	const room = chartWidth - chartLabels - chartValues
	value := sc.figure(r.figures)
	width := max(min(value/longest, 1)*room, 1)
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="end">%s</text>`, chartLabels-8, y+14, html.EscapeString(r.server.name))
	fmt.Fprintf(b, `<rect class="%s" x="%d" y="%d" width="%.1f" height="%d"/>`, r.server.kind.class(), chartLabels, y, width, barHeight)
	label := sc.show(r.figures)
	if value > longest {
		label = "… " + label
	}
	fmt.Fprintf(b, `<text x="%.1f" y="%d">%s</text>`+"\n", chartLabels+width+6, y+14, label)
}
