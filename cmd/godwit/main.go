package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// The exit statuses.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
)

// stdio is where a command reads and writes.
type stdio struct {
	in  io.Reader
	out io.Writer // results
	err io.Writer // all else
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	os.Exit(run(ctx, os.Args[1:], stdio{os.Stdin, os.Stdout, os.Stderr}))
}

// run runs the command named by args until it is done or ctx has ended, and
// returns the exit status.
func run(ctx context.Context, args []string, s stdio) int {
	if len(args) == 0 {
		fmt.Fprint(s.err, overview())
		return exitUsage
	}
	if help := isHelp(args[0]); help || args[0] == "--version" {
		args = append([]string{"help"}, args[1:]...)
		if !help {
			args[0] = "version"
		}
	}
	cmd, rest, err := find(args)
	if err != nil {
		return fail(s, "godwit", "godwit help", err)
	}
	name := "godwit " + cmd.name
	err = cmd.execute(ctx, rest, s)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(s.out, cmd.help())
		return exitOK
	}
	return fail(s, name, "godwit help "+cmd.name, err)
}

func isHelp(arg string) bool { return arg == "-h" || arg == "-help" || arg == "--help" }

// fail says in one line what err is, and gives the exit status for it. hint is
// the command that tells how to do it right.
func fail(s stdio, name, hint string, err error) int {
	if err == nil {
		return exitOK
	}
	fmt.Fprintf(s.err, "%s: %v\n", name, err)
	if _, ok := errors.AsType[*usageError](err); ok {
		fmt.Fprintf(s.err, "Try: %s\n", hint)
		return exitUsage
	}
	if e, ok := errors.AsType[*statusError](err); ok {
		return e.status
	}
	return exitFailure
}
