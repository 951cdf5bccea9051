package load

import (
	"fmt"
	"html"
	"io"
	"math"
	"strings"
	"time"
)

// The plot's measures, in pixels.
const (
	plotWidth, plotHeight    = 760, 420
	plotLeft, plotRight      = 80, 30
	plotTop, plotBottom      = 60, 50
	plotInnerX, plotInnerY   = plotWidth - plotLeft - plotRight, plotHeight - plotTop - plotBottom
	plotStepsAQuantileDecade = 20
)

// plotStyle draws for light and dark pages alike.
const plotStyle = `<style>
text{font:13px system-ui,sans-serif;fill:#222}.grid{stroke:#ccc}.line{stroke:#0969da;fill:none;stroke-width:2}.back{fill:#fff}
@media(prefers-color-scheme:dark){text{fill:#ddd}.grid{stroke:#444}.line{stroke:#58a6ff}.back{fill:#0d1117}}
</style>`

// WritePlot draws the distribution of the latency as SVG: the latency, on a
// logarithmic scale, that each share of all messages stays under. It returns the
// first error of w.
func (r *Result) WritePlot(w io.Writer) error {
	p := newPlot(&r.latency)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img">`+"\n", plotWidth, plotHeight)
	fmt.Fprintf(&b, "<title>Latency: %s</title>\n%s\n", html.EscapeString(r.Config.describe()), plotStyle)
	fmt.Fprintf(&b, `<rect class="back" width="%d" height="%d"/>`+"\n", plotWidth, plotHeight)
	fmt.Fprintf(&b, `<text x="%d" y="22">Latency by share of %d messages</text>`+"\n", plotLeft, r.Latency.Count)
	fmt.Fprintf(&b, `<text x="%d" y="42">%s</text>`+"\n", plotLeft, html.EscapeString(r.Config.describe()))
	p.grid(&b)
	p.line(&b)
	b.WriteString("</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// plot maps shares and durations to pixels. The share q lies at -log10(1-q).
type plot struct {
	h             *Histogram
	decades       float64 // of shares: 3 is up to 99.9 %
	bottom, above float64 // powers of ten of seconds
}

func newPlot(h *Histogram) *plot {
	p := &plot{h: h, decades: 1, bottom: -6, above: -5}
	if h.Count() == 0 {
		return p
	}
	p.decades = min(max(math.Ceil(math.Log10(float64(h.Count()))), 1), 6)
	p.bottom = math.Floor(math.Log10(max(h.Quantile(0).Seconds(), 1e-9)))
	p.above = max(math.Ceil(math.Log10(max(h.Max().Seconds(), 1e-9))), p.bottom+1)
	return p
}

func (p *plot) x(decade float64) float64 {
	return plotLeft + decade/p.decades*plotInnerX
}

func (p *plot) y(power float64) float64 {
	return plotTop + (p.above-power)/(p.above-p.bottom)*plotInnerY
}

// grid draws a line for each power of ten, both ways.
func (p *plot) grid(b *strings.Builder) {
	for power := p.bottom; power <= p.above; power++ {
		y := p.y(power)
		fmt.Fprintf(b, `<path class="grid" d="M%d %.1fH%d"/>`, plotLeft, y, plotWidth-plotRight)
		d := time.Duration(math.Round(math.Pow(10, power) * float64(time.Second)))
		fmt.Fprintf(b, `<text x="%d" y="%.1f" text-anchor="end">%v</text>`+"\n", plotLeft-8, y+4, d)
	}
	for decade := 0.0; decade <= p.decades; decade++ {
		x := p.x(decade)
		fmt.Fprintf(b, `<path class="grid" d="M%.1f %dV%d"/>`, x, plotTop, plotHeight-plotBottom)
		share := fmt.Sprintf("%.6g%%", 100*(1-math.Pow(10, -decade)))
		fmt.Fprintf(b, `<text x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n", x, plotHeight-plotBottom+22, share)
	}
}

// line draws the distribution.
func (p *plot) line(b *strings.Builder) {
	if p.h.Count() == 0 {
		return
	}
	b.WriteString(`<path class="line" d="`)
	command := "M"
	for i := 0; i <= int(p.decades*plotStepsAQuantileDecade); i++ {
		decade := float64(i) / plotStepsAQuantileDecade
		d := p.h.Quantile(1 - math.Pow(10, -decade))
		fmt.Fprintf(b, "%s%.1f %.1f", command, p.x(decade), p.y(math.Log10(max(d.Seconds(), 1e-9))))
		command = "L"
	}
	b.WriteString(`"/>` + "\n")
}
