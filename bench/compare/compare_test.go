package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestMain runs in the folder of the module, as the program does.
func TestMain(m *testing.M) {
	if err := os.Chdir(".."); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// TestEveryServer runs every server for a moment under loads that need different
// things of it: the generator refuses wrong answers.
func TestEveryServer(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and starts a dozen servers")
	}
	chosen, unknown := choose(scenarios(), scenarioName, []string{"125B", "1MiB", "pipelined-125B", "text-16KiB", "compressed-1KiB", "churn", "idle"})
	if len(unknown) > 0 {
		t.Fatalf("no scenarios %v", unknown)
	}
	p, err := build(t.Context(), t.TempDir(), servers())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range servers() {
		t.Run(s.name, func(t *testing.T) {
			if err := p.missing[s.program]; err != nil {
				t.Skip(err)
			}
			for _, sc := range chosen {
				if !s.can(&sc) {
					continue
				}
				if sc.memory {
					sc.args = []string{"--mode", "idle", "--conns", "50"}
				}
				f, err := measure(t.Context(), p, &s, &sc, timing{10 * time.Millisecond, 100 * time.Millisecond})
				switch {
				case err != nil:
					t.Error(err)
				case f.rate == 0: // a slow machine: no message came back in the time that counts
				case !sc.memory && (f.cpu <= 0 || f.p50 <= 0 || f.generator <= 0):
					t.Errorf("%s: %+v", sc.name, f)
				case s.isGo() && !sc.memory && f.allocs < 0:
					t.Errorf("%s: its allocations can't be read", sc.name)
				}
			}
		})
	}
}

// TestDeadServer measures what doesn't run.
func TestDeadServer(t *testing.T) {
	s := server{name: "dead", command: func(*programs, listen) []string { return []string{"go", "no-such-command"} }}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err := measure(ctx, new(programs), &s, &scenarios()[0], timing{time.Millisecond, time.Millisecond})
	if err == nil || !strings.Contains(err.Error(), "dead, 125B: it doesn't listen") {
		t.Errorf("error %v", err)
	}
}

func TestMedian(t *testing.T) {
	for _, tt := range []struct {
		in   []float64
		want float64
	}{
		{[]float64{3}, 3},
		{[]float64{4, 2}, 3},
		{[]float64{9, 1, 2}, 2},
		{[]float64{9, 1, 2, 4}, 3},
	} {
		if got := median(tt.in); got != tt.want {
			t.Errorf("median of %v is %v, want %v", tt.in, got, tt.want)
		}
	}
}

func TestChoose(t *testing.T) {
	all := []string{"a", "b", "c"}
	self := func(s string) string { return s }
	for _, tt := range []struct {
		named, chosen, unknown []string
	}{
		{nil, all, nil},
		{[]string{"c", "a"}, []string{"a", "c"}, nil},
		{[]string{"b", "x"}, []string{"b"}, []string{"x"}},
	} {
		chosen, unknown := choose(all, self, tt.named)
		if diff := cmp.Diff([][]string{tt.chosen, tt.unknown}, [][]string{chosen, unknown}); diff != "" {
			t.Errorf("choose %v (-want +got):\n%s", tt.named, diff)
		}
	}
}

func TestBadFlags(t *testing.T) {
	for _, tt := range []struct{ args, want string }{
		{"-servers gws,steam", "there is no steam"},
		{"-scenarios 126B", "there is no 126B"},
		{"-rounds 0", "rounds and duration must be positive"},
		{"-duration 0s", "rounds and duration must be positive"},
		{"all", `unexpected argument "all"`},
	} {
		err := run(t.Context(), strings.Fields(tt.args), io.Discard, io.Discard)
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s: error %v, want %s", tt.args, err, tt.want)
		}
	}
	if err := run(t.Context(), []string{"-h"}, io.Discard, io.Discard); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("-h: %v", err)
	}
}

// example is a report with figures that show what is worked out from them.
func example() *report {
	ss, _ := choose(servers(), serverName, []string{"godwit", "gws", "gnet", "node-ws", "raw-go"})
	scs, _ := choose(scenarios(), scenarioName, []string{"125B", "churn", "idle"})
	m := make(matrix)
	for i, cpu := range []float64{6e-6, 8e-6, 5e-6, 9e-6, 4e-6} { // in the order of ss
		for _, factor := range []float64{1.1, 1, 0.9} {
			m.add(&scs[0], &ss[i], figures{cpu: cpu * factor, generator: 5e-6, rate: 1e5, p50: 1e-3, p99: 2e-3, p999: 12e-3, allocs: float64(i)})
		}
	}
	m.add(&scs[2], &ss[0], figures{memory: 5000})
	m.add(&scs[2], &ss[1], figures{memory: 10_000})
	return &report{
		date: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), machine: "2 cores", rounds: 3,
		timing: timing{time.Second, 2 * time.Second}, servers: ss, scenarios: scs,
		versions: map[string]string{"gws": "v1.8.9"},
		missing:  map[string]error{"node": errors.New("node is not installed\nat all")},
		matrix:   m,
	}
}

func TestReport(t *testing.T) {
	got := example().markdown()
	for _, want := range []string{
		"Measured on 2 January 2026: 2 cores. Medians of 3 rounds, 2s each after 1s.",
		"| gws | v1.8.9 | lxzan/gws | yes |",
		"| node-ws | - | ws on Node (left out: node is not installed) | yes |",
		// a loss and a win
		"| 64 connections, 125 B | 6.00 µs (godwit) | 5.00 µs (gnet) | 1.20 | 1.50 | - | **lost** |",
		"| 5000 idle connections | 5.00 KB (godwit) | 10.00 KB (gws) | 0.50 | - | - | won |",
		"## Connect, echo 125 B, close", // has no rows: must not be there
		"| gws | 8.00 µs | 20 % | 2.00 | - | 100000 | 1000 µs | 2000 µs | 12000 µs | 1.0 | 5.00 µs |",
		"![64 connections, 125 B](charts/125B.svg)",
	} {
		if has, should := strings.Contains(got, want), !strings.Contains(want, "Connect"); has != should {
			t.Errorf("%q is there: %v, want %v\n%s", want, has, should, got)
		}
	}
}

// TestRowsAreSorted looks at the order in tables and charts.
func TestRowsAreSorted(t *testing.T) {
	r := example()
	var order []string
	for _, row := range r.matrix.rows(&r.scenarios[0], r.servers) {
		order = append(order, row.server.name)
	}
	if diff := cmp.Diff([]string{"raw-go", "gnet", "godwit", "gws", "node-ws"}, order); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWrite(t *testing.T) {
	r, dir := example(), t.TempDir()
	if err := r.write(dir); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "RESULTS.md"))
	if err != nil || string(text) != r.markdown() {
		t.Errorf("RESULTS.md: %v", err)
	}
	drawn, err := filepath.Glob(filepath.Join(dir, "charts", "*.svg"))
	if err != nil || len(drawn) != 2 {
		t.Errorf("charts %v, %v; want two, for the scenarios that ran", drawn, err)
	}
}

// TestChart checks that a chart is XML with a bar for each row, within its frame.
func TestChart(t *testing.T) {
	r := example()
	sc := &r.scenarios[0]
	rows := r.matrix.rows(sc, r.servers)
	for _, rows := range [][]row{rows, rows[:1], nil} {
		drawing := chart(sc, rows)
		d := xml.NewDecoder(strings.NewReader(drawing))
		bars := -1 // the background is one too
		for {
			token, err := d.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("%v in\n%s", err, drawing)
			}
			if e, ok := token.(xml.StartElement); ok && e.Name.Local == "rect" {
				bars++
			}
		}
		if bars != len(rows) || strings.Contains(drawing, "NaN") {
			t.Errorf("%d bars for %d rows:\n%s", bars, len(rows), drawing)
		}
	}
	far := rows[len(rows)-1]
	far.cpu = 1
	if drawing := chart(sc, append(rows[:4:4], far)); !strings.Contains(drawing, "… 1000000 µs") {
		t.Errorf("a bar far longer than the others isn't cut:\n%s", drawing)
	}
}

func TestMicro(t *testing.T) {
	for seconds, want := range map[float64]string{0.1e-6: "0.100 µs", 1.234e-6: "1.23 µs", 12.34e-6: "12.3 µs", 1.2e-3: "1200 µs"} {
		if got := micro(seconds); got != want {
			t.Errorf("%v s is %s, want %s", seconds, got, want)
		}
	}
}

// TestMachine has no name of a machine in it.
func TestMachine(t *testing.T) {
	got := machine()
	if host, err := os.Hostname(); err == nil && len(host) > 3 && strings.Contains(got, host) {
		t.Errorf("%q names the machine", got)
	}
	if !strings.Contains(got, "cores") || !strings.Contains(got, "go1.") {
		t.Errorf("%q", got)
	}
}

// TestTables runs the program for one scenario.
func TestTables(t *testing.T) {
	if testing.Short() {
		t.Skip("builds servers")
	}
	var out, progress bytes.Buffer
	err := run(t.Context(), []string{"-servers", "godwit,raw-go", "-scenarios", "125B", "-rounds", "1", "-duration", "50ms", "-warmup", "0s"}, &out, &progress)
	if err != nil {
		t.Fatalf("%v\n%s", err, &progress)
	}
	for _, want := range []string{"## 64 connections, 125 B", "| godwit | ", "| raw-go | "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
	if got := strings.Count(progress.String(), "round 1 "); got != 2 {
		t.Errorf("%d runs reported, want 2:\n%s", got, &progress)
	}
}
