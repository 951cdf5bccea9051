package main

import (
	"fmt"
	"strings"
)

// aim is a bound that one of our servers is to stay within.
type aim struct {
	scenario, server string
	base             string // the server whose figure bounds ours; "" where the bound stands for itself
	most             float64
	allocs           bool // of allocations for a message, rather than of what counts in the scenario
}

// none is fewer than one allocation in twenty messages: the readings themselves
// allocate, and so do connections.
const none = 0.05

// aims returns what the project has set itself.
func aims() []aim {
	return []aim{
		{scenario: "125B", server: "godwit", base: "raw-go", most: 1},
		{scenario: "1KiB", server: "godwit", base: "raw-go", most: 1},
		{scenario: "16KiB", server: "godwit", base: "raw-go", most: 1.5},
		{scenario: "256KiB", server: "godwit", base: "raw-go", most: 1.5},
		{scenario: "1MiB", server: "godwit", base: "raw-go", most: 1.5},
		{scenario: "pipelined-125B", server: "godwit", base: "raw-go", most: 2},
		{scenario: "pipelined-1KiB", server: "godwit", base: "raw-go", most: 2},
		{scenario: "125B", server: "godwit", most: none, allocs: true},
		{scenario: "125B", server: "godwit-loop", most: none, allocs: true},
		{scenario: "125B", server: "godwit-pooled", most: none, allocs: true},
		{scenario: "125B", server: "godwit-loop", base: "raw-c", most: 1.15},
		{scenario: "1000-125B", server: "godwit-loop", base: "raw-c", most: 1.15},
		{scenario: "1KiB", server: "godwit-loop", base: "raw-c", most: 1.2},
		{scenario: "125B", server: "godwit-pooled", base: "raw-c", most: 1.5},
		{scenario: "1000-125B", server: "godwit-pooled", base: "raw-c", most: 1.5},
		{scenario: "1KiB", server: "godwit-pooled", base: "raw-c", most: 1.5},
		{scenario: "pipelined-125B", server: "godwit-loop", base: "raw-c", most: 1.4},
		{scenario: "16KiB", server: "godwit-loop", base: "raw-c", most: 1.25},
		{scenario: "256KiB", server: "godwit-loop", base: "raw-c", most: 1.4},
		{scenario: "text-16KiB", server: "godwit-loop", base: "raw-c", most: 1.5},
		{scenario: "churn", server: "godwit-loop", base: "raw-c", most: 1.7},
		{scenario: "broadcast", server: "godwit-app-loop", base: "raw-go", most: 1},
		{scenario: "idle", server: "godwit", most: 5000},
		{scenario: "idle", server: "godwit-loop", most: 400},
		{scenario: "idle", server: "godwit-app-loop", most: 800},
	}
}

// writeAims says which aims this run met.
func (r *report) writeAims(b *strings.Builder) {
	b.WriteString("## Aims\n\nWhat was set as an aim before it was built, and whether this run meets it.\n\n| scenario | server | measured | aim | |\n|---|---|--:|--:|---|\n")
	for _, a := range aims() {
		if measured, bound, met, ok := a.check(r); ok {
			verdict := "met"
			if !met {
				verdict = "**missed**"
			}
			sc, _, _ := r.find(a.scenario, a.server)
			fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", sc.heading(), a.server, measured, bound, verdict)
		}
	}
	b.WriteString("\n")
}

// check looks whether an aim was met; ok is false if the run doesn't tell.
func (a *aim) check(r *report) (measured, bound string, met, ok bool) {
	sc, mine, ok := r.find(a.scenario, a.server)
	if !ok {
		return "", "", false, false
	}
	if a.allocs {
		return fmt.Sprintf("%.2f allocations", mine.allocs), "none", mine.allocs >= 0 && mine.allocs < a.most, mine.allocs >= 0
	}
	value := sc.figure(mine.figures)
	if a.base == "" {
		return sc.show(mine.figures), "≤ " + inBytes(a.most), value <= a.most, true
	}
	_, base, ok := r.find(a.scenario, a.base)
	if !ok || sc.figure(base.figures) <= 0 {
		return "", "", false, false
	}
	ratio := value / sc.figure(base.figures)
	return fmt.Sprintf("%.2f × %s", ratio, a.base), fmt.Sprintf("≤ %.2f ×", a.most), ratio <= a.most, true
}
