package frame_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/frame"
)

// TestMain runs everything on one kernel if -kernel names it: go test ./frame -kernel=avx2.
func TestMain(m *testing.M) {
	name := flag.String("kernel", "", "go, avx2, avx512 or neon; empty for the best; list to see which there are")
	flag.Parse()
	switch *name {
	case "":
	case "list":
		fmt.Println(strings.Join(frame.Kernels(), "\n"))
		return
	default:
		if !slices.Contains(frame.Kernels(), *name) {
			fmt.Fprintf(os.Stderr, "no kernel %q here: there are %v\n", *name, frame.Kernels())
			os.Exit(1)
		}
		frame.Force(*name)
	}
	os.Exit(m.Run())
}

// long is for exhaustive tables, minutes of them: GODWIT_LONG=1 go test ./frame
func long() bool { return os.Getenv("GODWIT_LONG") == "1" }

// eachKernel calls f with each kernel of this machine in use; a failure names it.
func eachKernel(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	before := frame.Running()
	defer func() {
		if t.Failed() {
			t.Logf("kernel %s", frame.Running())
		}
		frame.Force(before)
	}()
	for _, name := range frame.Kernels() {
		frame.Force(name)
		if f(t); t.Failed() {
			return
		}
	}
}

// benchmarkKernels is eachKernel for benchmarks.
func benchmarkKernels(b *testing.B, f func(b *testing.B)) {
	before := frame.Running()
	defer frame.Force(before)
	for _, name := range frame.Kernels() {
		frame.Force(name)
		b.Run("impl="+name, f)
	}
}
