package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestMain runs in the folder of the module, as the program does.
func TestMain(m *testing.M) {
	if err := os.Chdir(".."); err != nil {
		panic(err)
	}
	dir, err := os.MkdirTemp("", "compare")
	if err != nil {
		panic(err)
	}
	built = sync.OnceValues(func() (*programs, error) { return build(context.Background(), dir, servers()) })
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// built builds all programs, once.
var built func() (*programs, error)

// TestEveryServer runs every server for a moment under loads that need different
// things of it: the generator refuses wrong answers.
func TestEveryServer(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and starts a dozen servers")
	}
	chosen, unknown := choose(scenarios(fewDescriptors), scenarioName, []string{"1MiB", "pipelined-125B", "text-16KiB", "rate-125B", "compressed-1KiB", "compressed-afresh-1KiB", "churn", "broadcast",
		"wss-125B", "busy-2", "idle"})
	if len(unknown) > 0 {
		t.Fatalf("no scenarios %v", unknown)
	}
	p, err := built()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range servers() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			if err := p.missing[s.program]; err != nil {
				t.Skip(err)
			}
			for _, sc := range chosen {
				if !s.takesPart(&sc) {
					continue
				}
				sc.args = append(slices.Clone(sc.args), "--first", "0", "--conns", "10") // the last of a flag counts
				moment := timing{10 * time.Millisecond, 60 * time.Millisecond}
				f, err := measure(t.Context(), p, &s, &sc, moment)
				if err != nil && s.kind != ours { // nbio answers one upgrade of thousands with 200 where all else is busy
					t.Log(err)
					f, err = measure(t.Context(), p, &s, &sc, moment)
				}
				switch {
				case errors.Is(err, errNothing): // a slow machine
				case err != nil:
					t.Error(err)
				case sc.counts != memory && (f.cpu <= 0 || f.p50 <= 0 || f.generator <= 0):
					t.Errorf("%s: %+v", sc.name, f)
				case s.isGo() && sc.counts != memory && f.allocs < 0:
					t.Errorf("%s: its allocations can't be read", sc.name)
				}
			}
		})
	}
}

// TestDeadServer measures what doesn't run.
func TestDeadServer(t *testing.T) {
	s := server{name: "dead", command: func(*programs, listen) []string { return []string{"go", "no-such-command"} }}
	_, err := measure(t.Context(), new(programs), &s, &scenarios(fewDescriptors)[0], timing{time.Millisecond, time.Millisecond})
	if !errors.Is(err, errEnded) || !strings.Contains(err.Error(), "dead, 125B: it doesn't listen") {
		t.Errorf("error %v", err)
	}
}

// TestPortTaken is of servers that find their port taken, always or once.
func TestPortTaken(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the servers")
	}
	p, err := built()
	if err != nil {
		t.Fatal(err)
	}
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	for often, want := range map[int]error{1: nil, attempts: errPortTaken} {
		started, s := 0, servers()[0]
		start := s.command
		s.command = func(p *programs, l listen) []string {
			if started++; started <= often {
				l.addr = other.Addr().String()
			}
			return start(p, l)
		}
		_, err := measure(t.Context(), p, &s, &scenarios(fewDescriptors)[0], timing{0, 50 * time.Millisecond})
		if !errors.Is(err, want) && !errors.Is(err, errNothing) {
			t.Errorf("taken %d times: error %v, want %v", often, err, want)
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

// TestScenarios looks at what would make a table wrong without a word: names twice, an
// aim of a scenario or server that isn't there.
func TestScenarios(t *testing.T) {
	known := make(map[string]bool)
	for _, sc := range scenarios(20_000) {
		if known[sc.name] || sc.per == "" {
			t.Errorf("scenario %+v", sc)
		}
		known[sc.name] = true
	}
	for _, s := range servers() {
		if known[s.name] {
			t.Errorf("server %s", s.name)
		}
		known[s.name] = true
	}
	for _, a := range aims() {
		if !known[a.scenario] || !known[a.server] || a.base != "" && !known[a.base] {
			t.Errorf("aim %+v", a)
		}
	}
}

// TestCrowd scales to the descriptors that there are.
func TestCrowd(t *testing.T) {
	for _, tt := range []struct {
		descriptors int
		want        crowd
	}{
		{1 << 20, crowd{5000, 19_000}},
		{20_000, crowd{5000, 19_000}},
		{1024, crowd{137, 524}},
		{0, crowd{5, 20}},
	} {
		if got := (crowd{5000, 19_000}).scaled(tt.descriptors); got != tt.want {
			t.Errorf("%d descriptors: %v, want %v", tt.descriptors, got, tt.want)
		}
	}
	if got := descriptors(); got < 1 {
		t.Errorf("%d descriptors", got)
	}
}

// TestEstimate keeps the whole run at its defaults below what anybody waits for.
func TestEstimate(t *testing.T) {
	var o options
	o.flags()
	got := estimate(servers(), scenarios(20_000), o.rounds, o.timing)
	t.Log(got)
	if got < 10*time.Minute || got > 21*time.Minute {
		t.Errorf("a run takes %v", got)
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
	ss, _ := choose(servers(), serverName, []string{"godwit", "godwit-loop", "godwit-app-loop", "gws", "gnet", "node-ws", "raw-go", "raw-c"})
	scs, _ := choose(scenarios(20_000), scenarioName, []string{"125B", "churn", "broadcast", "busy-2", "idle"})
	m := make(matrix)
	add := func(sc int, server string, f figures) {
		s, _ := choose(ss, serverName, []string{server})
		m.add(&scs[sc], &s[0], f)
	}
	for server, cpu := range map[string]float64{"godwit": 8.1e-6, "godwit-loop": 6e-6, "gws": 8e-6, "gnet": 7e-6, "node-ws": 9e-6, "raw-go": 4e-6, "raw-c": 5e-6} {
		for _, factor := range []float64{1.1, 1, 0.9} {
			add(0, server, figures{cpu: cpu * factor, generator: 5e-6, rate: 12345, p50: 1e-3, p99: 2e-3, p999: 12e-3, allocs: 1})
		}
	}
	add(2, "godwit-app-loop", figures{cpu: 3e-6, rate: 1e5, allocs: 0.01})
	add(2, "raw-go", figures{cpu: 2e-6, rate: 1e5, allocs: 0.01})
	add(3, "godwit", figures{rate: 1e5})
	add(3, "gws", figures{rate: 5e4})
	add(4, "godwit", figures{memory: 5000, allocs: -1})
	add(4, "godwit-loop", figures{memory: 350, allocs: -1})
	add(4, "gws", figures{memory: 300, allocs: -1})
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
		"Measured on 2 January 2026: 2 cores. Medians of 3 rounds, 2s each after 1s; memory once.",
		"| gws | v1.8.9 | lxzan/gws | yes | 1.0 | 300 B | - |",
		"| node-ws | - | ws on Node (left out: node is not installed) | yes | 1.0 | - | - |",
		// won by one engine, by all that took part, by none
		"| 64 connections, 125 B | 8.10 µs ✗ | 6.00 µs | - | 7.00 µs (gnet) | 0.86 | 4.00 µs | 1.50 | 5.00 µs | 1.20 | won by loop |",
		"| 64 connections, 125 B, beside 2 busy goroutines | 10.0 µs | - | - | 20.0 µs (gws) | 0.50 | - | - | - | - | won |",
		"| Idle connections, from 5,000 to 19,000 | 5.0 KB ✗ | 350 B ✗ | - | 300 B (gws) | 1.17 | - | - | - | - | **lost** |",
		// through the framework, without a rival
		"| Broadcasts of 125 B to 5,000 connections | - | 3.00 µs | - | - | - | 2.00 µs | 1.50 | - | - |  |",
		// aims
		"| 64 connections, 125 B | godwit | 2.03 × raw-go | ≤ 1.00 × | **missed** |",
		"| 64 connections, 125 B | godwit | 1.00 allocations | none | **missed** |",
		"| Idle connections, from 5,000 to 19,000 | godwit-loop | 350 B | ≤ 400 B | met |",
		"| Broadcasts of 125 B to 5,000 connections | godwit-app-loop | 1.50 × raw-go | ≤ 1.00 × | **missed** |",
		"## Connect, echo 125 B, close", // has no rows: must not be there
		"| gws | 8.00 µs | 20 % | 2.00 | 1.60 | 12,345 | 1 ms | 2 ms | 12 ms | 1.0 | 5.00 µs |",
		"| **godwit** | 5.0 KB | - | - |",
		"![64 connections, 125 B](charts/125B.svg)",
		"| server | CPU per delivery | spread | to raw Go | to raw C | deliveries a second |",
	} {
		if has, should := strings.Contains(got, want), !strings.Contains(want, "Connect"); has != should {
			t.Errorf("%q is there: %v, want %v\n%s", want, has, should, got)
		}
	}
}

// TestReportFailure says what is missing in a report, which is one all the same.
func TestReportFailure(t *testing.T) {
	r := example()
	r.failed = errors.New("runs failed: gws idle")
	if got := r.markdown(); !strings.Contains(got, "**runs failed: gws idle: they are left out below.**") || !strings.Contains(got, "## Summary") {
		t.Error(got)
	}
	if got := example().markdown(); strings.Contains(got, "left out below") {
		t.Error(got)
	}
}

// TestRowsAreSorted looks at the order in tables and charts.
func TestRowsAreSorted(t *testing.T) {
	r := example()
	var order []string
	for _, row := range r.matrix.rows(&r.scenarios[0], r.servers) {
		order = append(order, row.server.name)
	}
	if diff := cmp.Diff([]string{"raw-go", "raw-c", "godwit-loop", "gnet", "gws", "godwit", "node-ws"}, order); diff != "" {
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
	if err != nil || len(drawn) != 4 {
		t.Errorf("charts %v, %v; want four, for the scenarios that ran", drawn, err)
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
	if drawing := chart(sc, append(rows[:4:4], far)); !strings.Contains(drawing, ">1.00 s<") || strings.Count(drawing, "<path") != 1 {
		t.Errorf("a bar far longer than the others isn't cut:\n%s", drawing)
	}
}

func TestMicro(t *testing.T) {
	for seconds, want := range map[float64]string{0.1e-6: "0.100 µs", 1.234e-6: "1.23 µs", 12.34e-6: "12.3 µs", 123.4e-6: "123 µs", 1.2e-3: "1.2 ms", 12.34e-3: "12.3 ms", 2: "2.00 s"} {
		if got := micro(seconds); got != want {
			t.Errorf("%v s is %s, want %s", seconds, got, want)
		}
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
	for _, want := range []string{"## 64 connections, 125 B", "| **godwit** | ", "| raw-go | "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
	if got := strings.Count(progress.String(), "round 1 "); got != 2 {
		t.Errorf("%d runs reported, want 2:\n%s", got, &progress)
	}
}

// TestNothingCameBack is of a server too slow for the time that it has: it must not
// look like one that needs no CPU time.
func TestNothingCameBack(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the servers")
	}
	p, err := built()
	if err != nil {
		t.Fatal(err)
	}
	sc := echo("slow", "no time for a connection", "--mode", "churn")
	if _, err := measure(t.Context(), p, &servers()[0], &sc, timing{0, time.Microsecond}); !errors.Is(err, errNothing) {
		t.Errorf("error %v, want %v", err, errNothing)
	}
}
