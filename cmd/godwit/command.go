package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// command is one thing that godwit does.
type command struct {
	name     string // as typed, of one word or two
	args     string // what it takes besides flags
	short    string // one line, for the overview
	long     string // the rest of its help: paragraphs and examples
	register func(*flag.FlagSet) action
}

// action runs a command whose flags have been parsed, with the arguments that
// are none. It returns a *usageError if they make no sense.
type action func(ctx context.Context, args []string, s stdio) error

// commands returns all commands in the order of the overview.
func commands() []command {
	return slices.Concat(
		[]command{newCommand(), genCommand(), routesCommand(), serveCommand(), dialCommand(), echoCommand(), benchCommand()},
		[]command{nodeCommand(), sendCommand()},
		storeCommands(),
		[]command{autobahnCommand(), tortureCommand(), helpCommand(), versionCommand()},
	)
}

// find returns the command that args begin with, and the rest of them.
func find(args []string) (command, []string, error) {
	var seconds []string // what may come behind the first word
	for _, c := range commands() {
		words := strings.Fields(c.name)
		if len(args) >= len(words) && slices.Equal(args[:len(words)], words) {
			return c, args[len(words):], nil
		}
		if args[0] == words[0] {
			seconds = append(seconds, strconv.Quote(strings.Join(words[1:], " ")))
		}
	}
	if len(seconds) > 0 {
		return command{}, nil, badUsage("after %q comes %s", args[0], strings.Join(seconds, " or "))
	}
	return command{}, nil, badUsage("unknown command %q", args[0])
}

// execute parses args and runs the command. It returns flag.ErrHelp if they ask
// for help.
func (c command) execute(ctx context.Context, args []string, s stdio) error {
	fs := c.flags()
	act := c.register(fs)
	rest, err := parse(fs, args)
	if err != nil {
		return err
	}
	return act(ctx, rest, s)
}

// flags returns an empty set of flags, which reports errors by returning them.
func (c command) flags() *flag.FlagSet {
	fs := flag.NewFlagSet(c.name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	return fs
}

// parse parses flags that may stand before, between and behind the other
// arguments, which it returns. After "--" there are no flags.
func parse(fs *flag.FlagSet, args []string) (rest []string, err error) {
	for {
		err := fs.Parse(args)
		switch {
		case errors.Is(err, flag.ErrHelp):
			return nil, err
		case err != nil:
			return nil, badUsage("%v", err)
		case fs.NArg() == 0:
			return rest, nil
		}
		if used := len(args) - fs.NArg(); used > 0 && args[used-1] == "--" {
			return append(rest, fs.Args()...), nil
		}
		rest = append(rest, fs.Arg(0))
		args = fs.Args()[1:]
	}
}

// overview lists all commands.
func overview() string {
	var b strings.Builder
	b.WriteString("Godwit runs WebSocket servers and clients, and helps to write them.\n\nUsage: godwit COMMAND [arguments]\n\n")
	w := tabwriter.NewWriter(&b, 0, 0, 3, ' ', 0)
	for _, c := range commands() {
		fmt.Fprintf(w, "  %s\t%s\n", c.name, c.short)
	}
	w.Flush() // a strings.Builder takes everything
	b.WriteString("\nTo begin: godwit serve, then in another window: godwit dial ws://127.0.0.1:8080/echo\n")
	b.WriteString("More about one of them: godwit help COMMAND\n")
	return b.String()
}

// help describes the command in full.
func (c command) help() string {
	fs := c.flags()
	c.register(fs)
	var b strings.Builder
	usage := []string{"godwit", c.name, c.args}
	fmt.Fprintf(&b, "Usage: %s\n\n%s\n", strings.TrimSpace(strings.Join(usage, " ")), strings.TrimSpace(c.long))
	w := tabwriter.NewWriter(&b, 0, 0, 3, ' ', 0)
	title := "\nFlags:\n"
	fs.VisitAll(func(f *flag.Flag) {
		fmt.Fprint(w, title)
		title = ""
		value, text := flag.UnquoteUsage(f)
		fmt.Fprintf(w, "  --%s\t%s%s\n", strings.TrimSpace(f.Name+" "+value), text, defaultText(f))
	})
	w.Flush() // a strings.Builder takes everything
	return b.String()
}

// defaultText names the default of a flag if it has one worth naming.
func defaultText(f *flag.Flag) string {
	switch f.DefValue {
	case "", "0", "false":
		return ""
	}
	return " (default " + f.DefValue + ")"
}
