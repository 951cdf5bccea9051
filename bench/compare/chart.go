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
	chartLabels = 150 // left of the bars
	chartValues = 150 // right of the longest bar
	chartTop    = 56
	barPitch    = 26
	barHeight   = 18
)

// chartStyle draws for light and dark pages alike: what is ours in colour, the raw
// echoes as outlines.
const chartStyle = `<style>
text{font:13px system-ui,sans-serif;fill:#1f2328}.title{font-weight:600;font-size:15px}.mine{font-weight:600}.note{fill:#59636e}
.ours{fill:#0969da}.library{fill:#8c959f}.foreign{fill:#8c959f}.rawTCP{fill:none;stroke:#8c959f}.back{fill:#fff}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.note{fill:#9198a1}.ours{fill:#58a6ff}.library{fill:#6e7681}.foreign{fill:#6e7681}.rawTCP{stroke:#8b949e}.back{fill:#0d1117}}
</style>`

// class names the style of a kind of server.
func (k kind) class() string {
	return [...]string{ours: "ours", library: "library", foreign: "foreign", rawTCP: "rawTCP"}[k]
}

// chart draws the rows of a scenario as bars. A bar that would make all others
// short is cut, and shows it.
func chart(sc *scenario, rows []row) string {
	var b strings.Builder
	height := chartTop + len(rows)*barPitch + 12
	what := sc.counts.String() + " per " + sc.per
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img">`+"\n", chartWidth, height)
	fmt.Fprintf(&b, "<title>%s: %s</title>\n%s\n", html.EscapeString(sc.heading()), what, chartStyle)
	fmt.Fprintf(&b, `<rect class="back" width="%d" height="%d"/>`+"\n", chartWidth, height)
	fmt.Fprintf(&b, `<text class="title" x="12" y="24">%s</text>`+"\n", html.EscapeString(sc.heading()))
	fmt.Fprintf(&b, `<text class="note" x="12" y="43">%s; the shorter the better</text>`+"\n", what)
	writeLegend(&b)
	longest := scale(sc, rows)
	for i, r := range rows {
		writeBar(&b, sc, r, chartTop+i*barPitch, longest)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// writeLegend says what the colours are, at the right of the line below the title.
func writeLegend(b *strings.Builder) {
	x := chartWidth - 260
	for _, entry := range []struct {
		kind kind
		name string
		wide int
	}{{ours, "Godwit", 80}, {library, "others", 75}, {rawTCP, "raw sockets", 0}} {
		fmt.Fprintf(b, `<circle class="%s" cx="%d" cy="39" r="5"/><text class="note" x="%d" y="43">%s</text>`, entry.kind.class(), x, x+10, entry.name)
		x += entry.wide
	}
	b.WriteString("\n")
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
	mine := ""
	if r.server.kind == ours {
		mine = ` class="mine"`
	}
	fmt.Fprintf(b, `<text%s x="%d" y="%d" text-anchor="end">%s</text>`, mine, chartLabels-8, y+14, html.EscapeString(r.server.name))
	fmt.Fprintf(b, `<rect class="%s" x="%d" y="%d" width="%.1f" height="%d"/>`, r.server.kind.class(), chartLabels, y, width, barHeight)
	if value > longest {
		fmt.Fprintf(b, `<path class="back" d="M%.1f %d l8 -%d h6 l-8 %dz"/>`, chartLabels+width-40, y+barHeight+1, barHeight+2, barHeight+2)
	}
	fmt.Fprintf(b, `<text%s x="%.1f" y="%d">%s</text>`+"\n", mine, chartLabels+width+6, y+14, sc.show(r.figures))
}
