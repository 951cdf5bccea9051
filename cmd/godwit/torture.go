package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/godwit-ws/godwit/cmd/godwit/internal/torture"
)

// tortureOptions are the flags of torture.
type tortureOptions struct {
	suite  torture.Options
	client string
	run    string
	list   bool
	json   bool
	strict bool
}

// tortureCommand is the hostile peer.
func tortureCommand() command {
	return command{
		name:  "torture",
		args:  "URL | --client HOST:PORT [flags]",
		short: "a hostile peer: hundreds of cases against a server or a client",
		long: `
Torture plays a hostile peer against a WebSocket server that echoes messages: spoilt
handshakes and frames, limits and what lies past them, dawdling, floods, resets,
compressed bombs. It prints a line per case, and goes on after one that failed.
While the cases go on, a bystander with a connection of its own must get its echoes.

With --client it listens, and plays the cases that fit against any client that
connects, one case a connection: let the client connect again whenever a connection
is over, and echo messages if it can (--echo).

Say with flags what is known of the endpoint's limits: cases that need one that isn't
given are left out. A verdict is ok; weak, where the endpoint kept itself safe but owed
its peer a Close frame or another answer; FAIL; or skip, where it had no part in the case.
Play it only against what is yours.

The exit status is 0 if no case failed; with --strict, if none was weak either.

Examples:
  godwit torture ws://127.0.0.1:8080/echo
  godwit torture --run '^frame/|^close/' ws://127.0.0.1:8080/echo
  godwit torture --max-message 2097152 --max-header 4096 --handshake-timeout 10s wss://127.0.0.1:8443/echo
  godwit torture --client 127.0.0.1:9001 --echo
  godwit torture --list`,
		register: func(fs *flag.FlagSet) action {
			o := new(tortureOptions)
			o.register(fs)
			return o.play
		},
	}
}

func (o *tortureOptions) register(fs *flag.FlagSet) {
	fs.StringVar(&o.client, "client", "", "listen on `HOST:PORT` and examine clients")
	fs.StringVar(&o.run, "run", "", "play only cases whose names match `REGEXP`")
	fs.BoolVar(&o.list, "list", false, "print the names of the cases and what they want, and play none")
	fs.BoolVar(&o.json, "json", false, "print a JSON object a line, and one for the whole run at the end")
	fs.BoolVar(&o.strict, "strict", false, "weak verdicts are failures")
	fs.BoolVar(&o.suite.Echo, "echo", false, "the client echoes messages: play more cases")
	fs.BoolVar(&o.suite.Hard, "hard", false, "floods ten times as long")
	fs.IntVar(&o.suite.MaxMessage, "max-message", 0, "the endpoint's longest message, in `BYTES`")
	fs.IntVar(&o.suite.MaxFragments, "max-fragments", 0, "the `N` most fragments that it takes of a message")
	fs.IntVar(&o.suite.MaxHeader, "max-header", 0, "its longest header of an opening handshake, in `BYTES`")
	fs.DurationVar(&o.suite.HandshakeTimeout, "handshake-timeout", 0, "how `LONG` it waits for the opening handshake")
	fs.DurationVar(&o.suite.MessageTimeout, "message-timeout", 0, "how `LONG` a message may take from its first byte to its last")
	fs.DurationVar(&o.suite.ReadTimeout, "read-timeout", 0, "how `LONG` a connection may be silent")
	fs.DurationVar(&o.suite.WriteTimeout, "write-timeout", 0, "how `LONG` its peer may take nothing")
	fs.DurationVar(&o.suite.CloseTimeout, "close-timeout", 0, "how `LONG` the closing handshake may take")
	fs.DurationVar(&o.suite.Patience, "patience", 10*time.Second, "how `LONG` to wait for what is to come at once")
}

// play plays the cases.
func (o *tortureOptions) play(ctx context.Context, args []string, s stdio) error {
	cases, err := o.cases(args)
	if err != nil {
		return err
	}
	out := &tortureReport{out: s.out, json: o.json}
	if o.list {
		out.list(cases)
		return nil
	}
	var sum torture.Summary
	if o.client != "" {
		sum, err = o.playClient(ctx, cases, out, s)
	} else {
		sum, err = o.playServer(ctx, args[0], cases, out)
	}
	if err != nil && ctx.Err() == nil {
		return err
	}
	out.summary(sum)
	failed := sum.Counts[torture.Fail]
	if o.strict {
		failed += sum.Counts[torture.Weak]
	}
	switch {
	case ctx.Err() != nil:
		return errors.New("interrupted")
	case failed > 0:
		return fmt.Errorf("%d of %d cases failed", failed, len(cases))
	}
	return nil
}

// cases returns what is to be played.
func (o *tortureOptions) cases(args []string) ([]torture.Case, error) {
	wanted, err := regexp.Compile(o.run)
	switch {
	case err != nil:
		return nil, badUsage("--run: %v", err)
	case o.client != "" || o.list:
		if len(args) > 0 {
			return nil, noArguments(args)
		}
	case len(args) != 1:
		return nil, badUsage("one URL is needed, such as ws://127.0.0.1:8080/echo, or --client")
	}
	cases := torture.ServerCases(o.suite)
	if o.client != "" {
		cases = torture.ClientCases(o.suite)
	}
	cases = slices.DeleteFunc(cases, func(c torture.Case) bool { return !wanted.MatchString(c.Name) })
	if len(cases) == 0 {
		return nil, badUsage("no case matches %q", o.run)
	}
	return cases, nil
}

func (o *tortureOptions) playServer(ctx context.Context, url string, cases []torture.Case, out *tortureReport) (torture.Summary, error) {
	target, err := torture.NewTarget(url, nil)
	if err != nil {
		return torture.Summary{}, badUsage("%v", err)
	}
	return torture.Server(ctx, target, o.suite, cases, out.line)
}

func (o *tortureOptions) playClient(ctx context.Context, cases []torture.Case, out *tortureReport, s stdio) (torture.Summary, error) {
	l, err := listen(o.client)
	if err != nil {
		return torture.Summary{}, err
	}
	fmt.Fprintf(s.err, "waiting for a client: %d cases, a connection each: %s/\n", len(cases), urlOf("ws", l.Addr()))
	return torture.Client(ctx, l, o.suite, cases, out.line)
}
