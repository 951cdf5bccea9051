package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os"

	"github.com/godwit-ws/godwit/cmd/godwit/internal/load"
)

// benchOptions are the flags of bench.
type benchOptions struct {
	load.Config
	mode string
	size int
	json bool
	plot string
}

// benchCommand is the load generator.
func benchCommand() command {
	return command{
		name:  "bench",
		args:  "URL [flags]",
		short: "put load on a server that echoes, and measure it",
		long: `
Bench puts load on a ws:// or wss:// URL and measures what comes of it. The modes
are:

  echo       messages to and fro: in a closed loop with --depth in flight on each
             connection, or at a --rate
  churn      connect, one message to and fro, close, again and again
  idle       open all connections, hold them for --duration without traffic
  broadcast  send on one connection, count what comes on the others

Every answer is checked: its length and order, and the content of all short
messages and of each eighth long one. One that is wrong ends the run with an error
and without figures.

With --rate, latency counts from when a message was due, whether or not it could be
sent then. Without, it counts from when the message was sent, so that a server that
pauses holds back the very messages that would show it.

A tcp:// URL is for servers that send every byte back: the limit for a WebSocket
server. With --pid, on Linux, the CPU time and memory of that process are measured
as well, and with --vars the allocations of a server in Go; the CPU time of bench
itself is always shown.

Examples:
  godwit bench ws://127.0.0.1:9001/
  godwit bench ws://127.0.0.1:9001/ --depth 64 --duration 10s
  godwit bench ws://127.0.0.1:9001/ --rate 20000 --plot latency.svg
  godwit bench ws://127.0.0.1:9001/ --size 16384 --content cjk --compress
  godwit bench ws://127.0.0.1:9001/ --mode idle --first 5000 --conns 50000 --sources 2 --pid 4711
  godwit bench wss://echo.example/ --insecure --json`,
		register: func(fs *flag.FlagSet) action {
			o := new(benchOptions)
			o.register(fs)
			return o.run
		},
	}
}

func (o *benchOptions) register(fs *flag.FlagSet) {
	fs.StringVar(&o.mode, "mode", "echo", "`MODE`: echo, churn, idle or broadcast")
	fs.IntVar(&o.Connections, "conns", load.DefaultConnections, "`N` connections at a time")
	fs.IntVar(&o.First, "first", 0, "of idle connections `N` are open when the server's memory is first read; 0: a fifth of them")
	fs.IntVar(&o.Depth, "depth", 1, "`N` messages in flight on each connection")
	fs.Float64Var(&o.Rate, "rate", 0, "`N` messages a second, on all connections together")
	fs.IntVar(&o.size, "size", load.DefaultSize, "length of a message in `BYTES`")
	fs.StringVar(&o.Content, "content", load.Binary, "`KIND` of messages: binary; ascii, cjk or json as text")
	fs.BoolVar(&o.Compress, "compress", false, "offer permessage-deflate (RFC 7692), and insist on it")
	fs.BoolVar(&o.NoTakeover, "no-takeover", false, "offer it without context takeover")
	fs.DurationVar(&o.WarmUp, "warmup", load.DefaultWarmUp, "run for this `DURATION` before anything counts")
	fs.DurationVar(&o.Duration, "duration", load.DefaultDuration, "measure, or hold idle connections, for this `DURATION`")
	fs.IntVar(&o.Sources, "sources", 0, "connect from `N` addresses, 127.0.0.1 and those behind it")
	fs.BoolVar(&o.Insecure, "insecure", false, "don't check the server's certificate")
	fs.IntVar(&o.ServerPID, "pid", 0, "measure the server's process, which has this `ID`")
	fs.StringVar(&o.ServerVars, "vars", "", "count the allocations of a server in Go, whose runtime's figures are at this `URL`, such as http://127.0.0.1:6060/debug/vars")
	fs.BoolVar(&o.json, "json", false, "print the result as JSON")
	fs.StringVar(&o.plot, "plot", "", "draw the distribution of the latency to this SVG `FILE`")
}

// run runs the load and prints what it measured.
func (o *benchOptions) run(ctx context.Context, args []string, s stdio) error {
	if len(args) != 1 {
		return badUsage("one URL is needed, such as ws://127.0.0.1:9001/")
	}
	result, err := load.Run(ctx, o.config(args[0]))
	switch {
	case errors.Is(err, load.ErrConfig):
		return badUsage("%v", err)
	case errors.Is(err, load.ErrNoPorts):
		return errors.Join(err, errors.New("try several --sources"))
	case err != nil:
		return err
	}
	if o.plot != "" {
		if err := writePlot(o.plot, result); err != nil {
			return err
		}
	}
	if o.json {
		return json.NewEncoder(s.out).Encode(result)
	}
	return result.WriteText(s.out)
}

// config returns what to do: where 0 would mean a default, the flags mean nothing.
func (o *benchOptions) config(url string) load.Config {
	cfg := o.Config
	cfg.URL, cfg.Mode = url, load.Mode(o.mode)
	cfg.Size = nothing(o.size)
	cfg.WarmUp = nothing(cfg.WarmUp)
	cfg.Connections = nothing(cfg.Connections)
	cfg.Depth = nothing(cfg.Depth)
	return cfg
}

// nothing returns what stands for 0 in a Config whose 0 is a default.
func nothing[T ~int | ~int64](v T) T {
	if v == 0 {
		return -1
	}
	return v
}

// writePlot writes the plot to a file.
func writePlot(name string, result *load.Result) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(result.WritePlot(f), f.Close())
}
