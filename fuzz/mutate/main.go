package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"sync"
)

// options are the flags.
type options struct {
	equivalent string
	match      *regexp.Regexp
	list       bool
	recheck    bool
}

func main() {
	o := options{match: regexp.MustCompile("")}
	flag.StringVar(&o.equivalent, "equivalent", filepath.FromSlash("fuzz/mutate/equivalent.txt"), "the `file` of mutants that nothing can notice")
	flag.Func("match", "only mutants in files, or functions as Receiver.Next, that match this `regexp`", func(s string) (err error) {
		o.match, err = regexp.Compile(s)
		return err
	})
	flag.BoolVar(&o.list, "list", false, "list the mutants and run nothing")
	flag.BoolVar(&o.recheck, "recheck", false, "run those of -equivalent too, and name those that a test notices")
	flag.Parse()
	packages := flag.Args()
	if len(packages) == 0 {
		packages = []string{"./frame", "./conn/protocol"}
	}
	fine, err := run(os.Stdout, o, packages)
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(2)
	case !fine:
		os.Exit(1)
	}
}

// run judges the mutants of packages; fine says that none survived that should not.
func run(out io.Writer, o options, packages []string) (fine bool, err error) {
	known, err := readEquivalent(o.equivalent)
	if err != nil {
		return false, err
	}
	listed, err := list(packages)
	if err != nil {
		return false, err
	}
	fine = true
	for _, p := range listed {
		mutants, err := mutantsIn(p, o.match)
		if err != nil {
			return false, err
		}
		r := &report{out: out, known: known, recheck: o.recheck}
		if o.list {
			for _, m := range mutants {
				r.print(m)
			}
			continue
		}
		if err := r.judge(p, mutants); err != nil {
			return false, err
		}
		r.stale(p, mutants, o.match)
		fmt.Fprintf(out, "%s: %d mutants killed, %d survived, %d known as equivalent, %d don't compile\n",
			p.ImportPath, r.killed, r.survived, r.equivalent, r.unviable)
		fine = fine && r.survived == 0 && r.gone == 0
	}
	return fine, nil
}

// A report counts what became of a package's mutants, and prints those that matter.
type report struct {
	out     io.Writer
	known   map[name]bool
	recheck bool

	mu                                     sync.Mutex // guards what follows
	killed, survived, equivalent, unviable int
	gone                                   int // entries that fit no mutant
	err                                    error
}

// judge judges mutants, as many at a time as there are processors.
func (r *report) judge(p *listed, mutants []*mutant) (err error) {
	j, err := newJudge(p, mutants)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.close()) }()
	var all sync.WaitGroup
	next := make(chan *mutant)
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for m := range next {
				if r.known[m.name()] && !r.recheck {
					r.count(m, survived, nil)
					continue
				}
				v, err := j.judge(m)
				r.count(m, v, err)
			}
		})
	}
	for _, m := range mutants {
		next <- m
	}
	close(next)
	all.Wait()
	return r.err
}

// count notes what became of a mutant.
func (r *report) count(m *mutant, v verdict, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch known := r.known[m.name()]; {
	case err != nil:
		r.err = errors.Join(r.err, err)
	case v == unviable:
		r.unviable++
	case v == killed:
		r.killed++
		if known {
			fmt.Fprint(r.out, "a test notices this one, its entry can go:\n", m.name(), "\n")
		}
	case known:
		r.equivalent++
	default:
		r.survived++
		r.print(m)
	}
}

// print prints a mutant as it would stand among those that nothing can notice, and where
// it is.
func (r *report) print(m *mutant) {
	fmt.Fprintf(r.out, "# %s:%d\n%v\n", m.file, m.line, m.name())
}

// stale prints the known mutants that should be among a package's, and aren't.
func (r *report) stale(p *listed, mutants []*mutant, match *regexp.Regexp) {
	for _, n := range misfits(r.known, p, mutants) {
		if match.MatchString(n.file) || match.MatchString(n.fn) {
			r.gone++
			fmt.Fprint(r.out, "this entry fits no mutant:\n", n, "\n")
		}
	}
}
