package main

import (
	"fmt"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
)

// A name tells a mutant from all others of a module.
type name struct {
	file, fn, was, is string
	nth               int // of those that do the same to the same text within a function, from 1 on
}

// name returns m's.
func (m *mutant) name() name {
	was, is := m.diff()
	return name{m.file, m.where(), was, is, m.nth}
}

// String returns a name as it stands in the file of equivalent mutants.
func (n name) String() string {
	nth := ""
	if n.nth > 1 {
		nth = fmt.Sprintf(" #%d", n.nth)
	}
	return strings.TrimRight(n.file+" "+n.fn+nth, " ") + "\n" + strings.TrimRight("- "+n.was, " ") + "\n" + strings.TrimRight("+ "+n.is, " ") + "\n"
}

// parseWhere reads the first line of a name.
func parseWhere(line string) (n name, err error) {
	n.nth = 1
	line, nth, found := strings.Cut(line, " #")
	if found {
		if n.nth, err = strconv.Atoi(nth); err != nil {
			return n, err
		}
	}
	n.file, n.fn, _ = strings.Cut(line, " ")
	return n, nil
}

// readEquivalent reads the mutants that nothing can notice:
//
//	frame/close.go CutReason
//	- if len(s) <= MaxReason {
//	+ if len(s) < MaxReason {
//	  Why nobody can tell the two apart.
//
// There may be several pairs of lines to a function, and of functions to a reason. A
// number behind the function, as #2, means the second place in it where the same is done
// to the same line. Lines that begin with # are comments, empty lines say nothing.
func readEquivalent(file string) (map[name]bool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	all := make(map[name]bool)
	var at name
	unexplained, number := 0, 0
	for line := range strings.Lines(string(text)) {
		number++
		line = strings.TrimRight(line, " \n")
		sign, rest := line[:min(len(line), 2)], line[min(len(line), 2):]
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '-':
			at.was = rest
		case line[0] == '+':
			at.is = rest
			if at.file == "" || at.was == "" || all[at] {
				return nil, fmt.Errorf("%s:%d: no file or no - line before it, or twice the same", file, number)
			}
			all[at] = true
			unexplained++
			at.was = ""
		case sign == "  ":
			unexplained = 0
		default:
			if at, err = parseWhere(line); err != nil {
				return nil, fmt.Errorf("%s:%d: %w", file, number, err)
			}
		}
	}
	if unexplained > 0 {
		return nil, fmt.Errorf("%s: the last entry has no reason", file)
	}
	return all, nil
}

// misfits returns the known mutants of p that are not among its mutants, in no order.
// Those of a file that isn't built on this platform can't be told.
func misfits(known map[name]bool, p *listed, mutants []*mutant) (all []name) {
	there := make(map[name]bool)
	for _, m := range mutants {
		there[m.name()] = true
	}
	for n := range known {
		dir, file := path.Split(n.file)
		if path.Clean(dir) == p.folder() && !slices.Contains(p.IgnoredGoFiles, file) && !there[n] {
			all = append(all, n)
		}
	}
	return all
}
