package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/godwit-ws/godwit/cmd/godwit/internal/torture"
)

// tortureReport writes the outcome of torture.
type tortureReport struct {
	out  io.Writer
	json bool
}

// caseLine is a case in JSON.
type caseLine struct {
	Name    string  `json:"name"`
	Title   string  `json:"title"`
	Verdict string  `json:"verdict,omitempty"`
	Why     string  `json:"why,omitempty"`
	Millis  float64 `json:"ms,omitempty"`
}

// summaryLine is a run in JSON.
type summaryLine struct {
	OK        int     `json:"ok"`
	Weak      int     `json:"weak"`
	Failed    int     `json:"failed"`
	Skipped   int     `json:"skipped"`
	Echoes    int     `json:"bystander_echoes"`
	P50Millis float64 `json:"bystander_p50_ms"`
	P99Millis float64 `json:"bystander_p99_ms"`
	MaxMillis float64 `json:"bystander_max_ms"`
}

// list prints cases that aren't played.
func (r *tortureReport) list(cases []torture.Case) {
	w := tabwriter.NewWriter(r.out, 0, 0, 2, ' ', 0)
	for _, c := range cases {
		if r.json {
			r.encode(caseLine{Name: c.Name, Title: c.Title})
		} else {
			fmt.Fprintf(w, "%s\t%s\n", c.Name, c.Title)
		}
	}
	w.Flush() // whoever reads our output has gone if this fails
}

// line prints the outcome of a case. Text of the endpoint's is quoted.
func (r *tortureReport) line(res torture.Result) {
	why := ""
	if res.Err != nil {
		why = res.Err.Error()
	}
	if r.json {
		r.encode(caseLine{Name: res.Case.Name, Title: res.Case.Title, Verdict: res.Verdict.String(), Why: why, Millis: millis(res.Took)})
		return
	}
	fmt.Fprintf(r.out, "%-4v %s\n", res.Verdict, res.Case.Name)
	if res.Verdict == torture.Fail || res.Verdict == torture.Weak {
		fmt.Fprintf(r.out, "       %s\n       %q\n", res.Case.Title, why)
	}
}

// summary prints the outcome of the run.
func (r *tortureReport) summary(s torture.Summary) {
	n := s.Counts
	p50, p99, most := s.Quantile(.5), s.Quantile(.99), s.Quantile(1)
	if r.json {
		r.encode(summaryLine{n[torture.Pass], n[torture.Weak], n[torture.Fail], n[torture.Skip], len(s.Echoes), millis(p50), millis(p99), millis(most)})
		return
	}
	fmt.Fprintf(r.out, "%d ok, %d weak, %d failed, %d skipped\n", n[torture.Pass], n[torture.Weak], n[torture.Fail], n[torture.Skip])
	if len(s.Echoes) > 0 {
		fmt.Fprintf(r.out, "a bystander's echo took: median %v, 99%% within %v, at most %v (of %d)\n", p50, p99, most, len(s.Echoes))
	}
}

func (r *tortureReport) encode(line any) {
	json.NewEncoder(r.out).Encode(line) // plain structs; whoever reads our output has gone if this fails
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
