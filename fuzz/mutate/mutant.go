package main

import (
	"bytes"
	"slices"
	"strings"
)

// A mutant is one change of one file.
type mutant struct {
	file   string    // its name
	source []byte    // the whole file as it is
	fn     *function // the function it is in, nil outside of any
	line   int
	start  int // the change: bytes start to end become text
	end    int
	text   string
	nth    int // among those of the same name in other regards, from 1 on
	number int // in the program that holds all of them, 0 if it isn't in there
}

// function is a function or method of a file.
type function struct {
	name       string // as Receiver.Next
	start, end int    // where it is in the file
	nameStart  int    // where its name is
	nameEnd    int
	body       int    // behind the brace
	call       string // %s calls a function of another name with its parameters; "" if it can't
}

// where returns the name of the function that m is in, "" if it is in none.
func (m *mutant) where() string {
	if m.fn == nil {
		return ""
	}
	return m.fn.name
}

// mutated returns the file with the change.
func (m *mutant) mutated() []byte {
	return slices.Concat(m.source[:m.start], []byte(m.text), m.source[m.end:])
}

// diff returns the lines that change and what becomes of them, each as one line with
// single spaces. Together with file and function it is a mutant's name: it stays the
// same while code elsewhere comes and goes.
func (m *mutant) diff() (was, is string) {
	from := bytes.LastIndexByte(m.source[:m.start], '\n') + 1
	to := len(m.source)
	if n := bytes.IndexByte(m.source[m.end:], '\n'); n >= 0 {
		to = m.end + n
	}
	was = string(m.source[from:to])
	is = string(m.source[from:m.start]) + m.text + string(m.source[m.end:to])
	return oneLine(was), oneLine(is)
}

// oneLine drops comments and folds white space.
func oneLine(code string) string {
	var fields []string
	for line := range strings.Lines(code) {
		line, _, _ = strings.Cut(line, " //")
		fields = append(fields, strings.Fields(line)...)
	}
	return strings.Join(fields, " ")
}
