package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"github.com/godwit-ws/godwit/bench/internal/machine"
)

// options are the flags.
type options struct {
	servers, scenarios string
	rounds             int
	timing             timing
	out                string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintf(os.Stderr, "compare: %v\n", err)
		}
		os.Exit(1)
	}
}

// flags registers the flags.
func (o *options) flags() *flag.FlagSet {
	fs := flag.NewFlagSet("compare", flag.ContinueOnError)
	fs.StringVar(&o.servers, "servers", "", "only these, by `NAMES` with commas between them: "+names(servers(), serverName))
	fs.StringVar(&o.scenarios, "scenarios", "", "only these, by `NAMES`: "+names(scenarios(descriptors()), scenarioName))
	fs.IntVar(&o.rounds, "rounds", 3, "how many `ROUNDS` there are")
	fs.DurationVar(&o.timing.duration, "duration", 800*time.Millisecond, "how long each run counts")
	fs.DurationVar(&o.timing.warmUp, "warmup", 200*time.Millisecond, "how long it runs before that")
	fs.StringVar(&o.out, "out", "", "write RESULTS.md and charts/ to this `FOLDER`; none unless it is given or all is run, then the current one")
	return fs
}

func serverName(s server) string     { return s.name }
func scenarioName(s scenario) string { return s.name }

// names lists the names of all, with commas between them.
func names[T any](all []T, name func(T) string) string {
	list := make([]string, 0, len(all))
	for _, v := range all {
		list = append(list, name(v))
	}
	return strings.Join(list, ",")
}

// run measures what the flags say. Tables go to out, progress to progress.
func run(ctx context.Context, args []string, out, progress io.Writer) error {
	var o options
	fs := o.flags()
	fs.SetOutput(progress)
	if err := fs.Parse(args); err != nil {
		return err
	}
	ss, scs, err := o.choose(fs.Args())
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "compare")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	p, err := build(ctx, dir, ss)
	if err != nil {
		return err
	}
	for program, err := range p.missing {
		if err != nil {
			fmt.Fprintf(progress, "without %s: %v\n", program, err)
		}
	}
	fmt.Fprintf(progress, "this takes about %v\n", estimate(p.available(ss), scs, o.rounds, o.timing).Round(time.Second))
	m, failed := runAll(ctx, progress, p, p.available(ss), scs, o.rounds, o.timing)
	r := &report{
		date: time.Now(), machine: machine.Describe(), rounds: o.rounds, timing: o.timing,
		servers: ss, scenarios: scs, versions: versions(ctx, p, ss), missing: p.missing, matrix: m, failed: failed,
	}
	if _, err := io.WriteString(out, r.markdown()); err != nil {
		return err
	}
	if o.out == "" && ctx.Err() == nil && o.servers == "" && o.scenarios == "" {
		o.out = "."
	}
	if o.out != "" {
		failed = errors.Join(failed, r.write(o.out))
	}
	return failed
}

// choose returns the servers and scenarios that the flags name.
func (o *options) choose(args []string) ([]server, []scenario, error) {
	ss, unknown := choose(servers(), serverName, list(o.servers))
	scs, more := choose(scenarios(descriptors()), scenarioName, list(o.scenarios))
	switch unknown = append(unknown, more...); {
	case len(args) > 0:
		return nil, nil, fmt.Errorf("unexpected argument %q", args[0])
	case len(unknown) > 0:
		return nil, nil, fmt.Errorf("there is no %s", strings.Join(unknown, ", "))
	case o.rounds < 1 || o.timing.duration <= 0 || o.timing.warmUp < 0:
		return nil, nil, errors.New("rounds and duration must be positive")
	}
	return ss, scs, nil
}

// list splits names with commas between them.
func list(names string) []string {
	return strings.FieldsFunc(names, func(r rune) bool { return r == ',' || r == ' ' })
}

// write writes the report and its charts.
func (r *report) write(dir string) error {
	charts := filepath.Join(dir, "charts")
	if err := os.MkdirAll(charts, 0o755); err != nil {
		return err
	}
	for i := range r.scenarios {
		sc := &r.scenarios[i]
		rows := r.matrix.rows(sc, r.servers)
		if len(rows) == 0 {
			continue
		}
		if err := os.WriteFile(filepath.Join(charts, sc.name+".svg"), []byte(chart(sc, rows)), 0o644); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, "RESULTS.md"), []byte(r.markdown()), 0o644)
}
