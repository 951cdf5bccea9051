package main

import (
	"bytes"
	"fmt"
	"slices"
)

// runs is what is put beside the files of a package whose mutants are combined: an
// environment variable says which of them runs, none if it isn't there.
const runs = `package %s

import (
	"os"
	"strconv"
)

var runningMutant, _ = strconv.Atoi(os.Getenv("RUNNING_MUTANT"))
`

// combined returns a file with all mutants that have a number, each in a copy of its
// function. The functions themselves ask first whether a copy is to run in their place.
func combined(source []byte, mutants []*mutant) []byte {
	mutants = slices.DeleteFunc(slices.Clone(mutants), func(m *mutant) bool { return m.number == 0 })
	var out, copies bytes.Buffer
	done := 0
	for len(mutants) > 0 {
		fn := mutants[0].fn
		n := slices.IndexFunc(mutants, func(m *mutant) bool { return m.fn != fn })
		if n < 0 {
			n = len(mutants)
		}
		out.Write(source[done:fn.body])
		fmt.Fprintf(&out, " if runningMutant >= %d && runningMutant <= %d { switch runningMutant {\n", mutants[0].number, mutants[n-1].number)
		for _, m := range mutants[:n] {
			name := fmt.Sprintf("mutant%d", m.number)
			fmt.Fprintf(&out, "case %d: "+fn.call+"\n", m.number, name)
			fmt.Fprintf(&copies, "\n%s%s%s%s%s\n", source[fn.start:fn.nameStart], name, source[fn.nameEnd:m.start], m.text, source[m.end:fn.end])
		}
		out.WriteString("}}\n")
		done, mutants = fn.body, mutants[n:]
	}
	out.Write(source[done:])
	out.Write(copies.Bytes())
	return out.Bytes()
}
