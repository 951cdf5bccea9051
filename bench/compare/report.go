package main

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// report is all that RESULTS.md says.
type report struct {
	date      time.Time
	machine   string
	rounds    int
	timing    timing
	servers   []server
	scenarios []scenario
	versions  map[string]string // by server
	missing   map[string]error  // by program
	matrix    matrix
}

// versions returns the versions of the servers, as far as they have any.
func versions(ctx context.Context, p *programs, ss []server) map[string]string {
	all := make(map[string]string)
	for _, s := range ss {
		var out []byte
		switch {
		case s.module != "":
			out, _ = exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Version}}", s.module).Output()
		case s.program == "node":
			out, _ = exec.CommandContext(ctx, p.path("node"), "-p", `require("./peers/node/node_modules/ws/package.json").version + " on Node " + process.version`).Output()
		}
		all[s.name] = strings.TrimSpace(string(out)) // "" where it can't be found out
	}
	return all
}

// markdown writes the whole report.
func (r *report) markdown() string {
	var b strings.Builder
	b.WriteString("# Echo servers side by side\n\n")
	fmt.Fprintf(&b, "Measured on %s: %s. Medians of %d rounds, %v each after %v.\n\n",
		r.date.Format("2 January 2006"), r.machine, r.rounds, r.timing.duration, r.timing.warmUp)
	b.WriteString(r.reproduce())
	r.writeServers(&b)
	r.writeSummary(&b)
	for i := range r.scenarios {
		r.writeScenario(&b, &r.scenarios[i])
	}
	return b.String()
}

func (r *report) reproduce() string {
	return `To reproduce: ` + "`cd bench && go run ./compare`" + ` (` + "`-h`" + ` lists its flags). Each server runs in a process of its own, fresh for each
run, and all are driven by the same load generator, ` + "`godwit bench`" + `, which checks the answers; servers take turns within each
round. CPU is the server's CPU time per message (user and system); the less the better. Load generator and server share
the machine, so messages a second and latency depend on both; the generator's own CPU time is in the last column.

`
}

// writeServers lists what is compared.
func (r *report) writeServers(b *strings.Builder) {
	b.WriteString("| server | version | | checks UTF-8 |\n|---|---|---|---|\n")
	for _, s := range r.servers {
		version := r.versions[s.name]
		if version == "" {
			version = "-"
		}
		note := s.what
		if err := r.missing[s.program]; err != nil {
			first, _, _ := strings.Cut(err.Error(), "\n")
			note += " (left out: " + first + ")"
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", s.name, version, note, s.utf8)
	}
	b.WriteString("\n")
}

// writeSummary holds the best of ours against the best of the others, a row a
// scenario.
func (r *report) writeSummary(b *strings.Builder) {
	b.WriteString("## Summary\n\nBelow 1 the others need more.\n\n")
	b.WriteString("| scenario | best of ours | best other Go library | ratio to it | to raw Go | to raw C | |\n|---|--:|--:|--:|--:|--:|---|\n")
	for i := range r.scenarios {
		sc := &r.scenarios[i]
		rows := r.matrix.rows(sc, r.servers)
		mine, ok := best(rows, ours)
		if !ok {
			continue
		}
		other, verdict := "-", ""
		rival, ok := best(rows, library)
		ratio := ratioTo(sc, mine, rival, ok)
		if ok {
			other = fmt.Sprintf("%s (%s)", sc.show(rival.figures), rival.server.name)
			verdict = "won"
			if sc.figure(mine.figures) > sc.figure(rival.figures) {
				verdict = "**lost**"
			}
		}
		fmt.Fprintf(b, "| %s | %s (%s) | %s | %s | %s | %s | %s |\n", sc.title, sc.show(mine.figures), mine.server.name, other, ratio,
			ratioToNamed(sc, mine, rows, "raw-go"), ratioToNamed(sc, mine, rows, "raw-c"), verdict)
	}
	b.WriteString("\n")
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

// writeScenario writes the table of a scenario.
func (r *report) writeScenario(b *strings.Builder, sc *scenario) {
	rows := r.matrix.rows(sc, r.servers)
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(b, "## %s\n\n![%s](charts/%s.svg)\n\n", strings.ToUpper(sc.title[:1])+sc.title[1:], sc.title, sc.name)
	b.WriteString(sc.table(rows))
	b.WriteString("\n")
}

// table makes the table of a scenario.
func (sc *scenario) table(rows []row) string {
	var b strings.Builder
	if sc.memory {
		b.WriteString("| server | memory per connection | spread | to raw Go |\n|---|--:|--:|--:|\n")
		for _, r := range rows {
			fmt.Fprintf(&b, "| %s | %s | %.0f %% | %s |\n", r.server.name, sc.show(r.figures), 100*r.spread, ratioToNamed(sc, r, rows, "raw-go"))
		}
		return b.String()
	}
	fmt.Fprintf(&b, "| server | CPU per %s | spread | to raw Go | to raw C | %ss a second | p50 | p99 | p99.9 | allocations | generator |\n", sc.per, sc.per)
	b.WriteString("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, r := range rows {
		allocs := "-"
		if r.allocs >= 0 {
			allocs = fmt.Sprintf("%.1f", r.allocs)
		}
		fmt.Fprintf(&b, "| %s | %s | %.0f %% | %s | %s | %.0f | %s | %s | %s | %s | %s |\n",
			r.server.name, micro(r.cpu), 100*r.spread, ratioToNamed(sc, r, rows, "raw-go"), ratioToNamed(sc, r, rows, "raw-c"),
			r.rate, micro(r.p50), micro(r.p99), micro(r.p999), allocs, micro(r.generator))
	}
	return b.String()
}
