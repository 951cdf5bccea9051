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
	only   string
	rounds int
	scale  float64
	dir    string
	out    string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintf(os.Stderr, "queue: %v\n", err)
		}
		os.Exit(1)
	}
}

// flags registers the flags.
func (o *options) flags() *flag.FlagSet {
	fs := flag.NewFlagSet("queue", flag.ContinueOnError)
	fs.StringVar(&o.only, "only", "", "only measurements whose names have one of these `PREFIXES`, with commas between them")
	fs.IntVar(&o.rounds, "rounds", 3, "how many `ROUNDS` there are")
	fs.Float64Var(&o.scale, "scale", 1, "do this `PART` of the messages of each measurement")
	fs.StringVar(&o.dir, "dir", ".", "keep files in this `FOLDER` while measuring: its disk is what is measured")
	fs.StringVar(&o.out, "out", "", "write QUEUE.md to this `FOLDER`; none unless it is given or all is run, then the current one")
	return fs
}

// run measures what the flags say. Tables go to out, progress to progress.
func run(ctx context.Context, args []string, out, progress io.Writer) error {
	var o options
	fs := o.flags()
	fs.SetOutput(progress)
	if err := fs.Parse(args); err != nil {
		return err
	}
	chosen, err := o.choose(fs.Args())
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(o.dir, "queue-*.tmp")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	l := newLab(dir, o.scale, findPython(ctx))
	fmt.Fprintln(progress, l.python)
	results, err := runAll(ctx, progress, l, chosen, o.rounds)
	if err != nil {
		return err
	}
	r := &report{
		date: time.Now(), machine: machine.Describe() + ", files on " + machine.FileSystem(dir), rounds: o.rounds, scale: o.scale,
		python: l.python, measurements: chosen, results: results,
	}
	if _, err := io.WriteString(out, r.markdown()); err != nil {
		return err
	}
	if o.out == "" && o.only == "" && o.scale >= 1 {
		o.out = "."
	}
	if o.out == "" {
		return nil
	}
	return os.WriteFile(filepath.Join(o.out, "QUEUE.md"), []byte(r.markdown()), 0o644)
}

// choose returns the measurements that the flags name.
func (o *options) choose(args []string) (chosen []measurement, err error) {
	switch {
	case len(args) > 0:
		return nil, fmt.Errorf("unexpected argument %q", args[0])
	case o.rounds < 1 || !(o.scale > 0):
		return nil, errors.New("rounds and scale must be positive")
	}
	prefixes := strings.FieldsFunc(o.only, func(r rune) bool { return r == ',' || r == ' ' })
	for _, m := range measurements() {
		if hasAny(m.name, prefixes) {
			chosen = append(chosen, m)
		}
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("there is no %s", o.only)
	}
	return chosen, nil
}

// hasAny reports whether s has one of the prefixes, or there are none.
func hasAny(s string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return len(prefixes) == 0
}
