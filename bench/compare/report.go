package main

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/godwit-ws/godwit/bench/internal/figure"
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
	failed    error // says which runs failed; nil if none did
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
	fmt.Fprintf(&b, "Measured on %s: %s. %s, %v each after %v; memory once.\n\n",
		r.date.Format("2 January 2006"), r.machine, figure.Rounds(r.rounds), r.timing.duration, r.timing.warmUp)
	b.WriteString(introduction)
	if r.failed != nil {
		fmt.Fprintf(&b, "**%v: they are left out below.**\n\n", r.failed)
	}
	r.writeSummary(&b)
	r.writeAims(&b)
	r.writeServers(&b)
	for i := range r.scenarios {
		r.writeScenario(&b, &r.scenarios[i])
	}
	return b.String()
}

const introduction = "To reproduce: `cd bench && go run ./compare` (`-h` lists its flags). Each server runs in a process of its own, fresh for\n" +
	"each run, and all are driven by the same load generator, `godwit bench`, which checks the answers; servers take turns within\n" +
	"each round. What counts is the server's CPU time for a message (user and system), or its memory for a connection: the less\n" +
	"the better. Load generator and server share the machine, so messages a second and latency depend on both; the generator's\n" +
	"own CPU time is in the last column of each table.\n\n" +
	"Stored messages and the node are measured in [QUEUE.md](QUEUE.md). What ten million connections take is worked out in\n" +
	"[SCALE.md](SCALE.md); what goes between servers is measured in [FIGURES.md](../app/cluster/FIGURES.md).\n\n"

// writeServers lists what is compared, with what doesn't fit elsewhere.
func (r *report) writeServers(b *strings.Builder) {
	b.WriteString("## The servers\n\nAllocations are objects for each message of 125 B; memory is for each idle connection, without and with TLS.\n\n" +
		"| server | version | | checks UTF-8 | allocations | memory | with TLS |\n|---|---|---|---|--:|--:|--:|\n")
	for _, s := range r.servers {
		version := r.versions[s.name]
		switch {
		case s.kind == ours:
			version = "this one"
		case version == "":
			version = "-"
		}
		note := s.what
		if err := r.missing[s.program]; err != nil {
			first, _, _ := strings.Cut(err.Error(), "\n")
			note += " (left out: " + first + ")"
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s | %s |\n", s.name, version, note, s.utf8,
			r.cell("125B", s.name, func(_ *scenario, f figures) string { return showAllocs(f.allocs) }),
			r.cell("idle", s.name, (*scenario).show), r.cell("wss-idle", s.name, (*scenario).show))
	}
	b.WriteString("\n")
}

// cell returns what a server showed in a scenario, or a dash.
func (r *report) cell(in, server string, show func(*scenario, figures) string) string {
	sc, row, ok := r.find(in, server)
	if !ok {
		return "-"
	}
	return show(sc, row.figures)
}

// find returns the row of a server in a scenario, if it has been measured.
func (r *report) find(in, server string) (*scenario, row, bool) {
	for i := range r.scenarios {
		if sc := &r.scenarios[i]; sc.name == in {
			found, ok := named(r.matrix.rows(sc, r.servers), server)
			return sc, found, ok
		}
	}
	return nil, row{}, false
}
