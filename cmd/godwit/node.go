package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"syscall"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/store"
)

// nodeOptions are the flags of node.
type nodeOptions struct {
	addr  string
	port  int
	store string
	data  string
}

// nodeCommand runs a node with a console.
func nodeCommand() command {
	return command{
		name:  "node",
		args:  "[flags]",
		short: "a node that exchanges stored messages with others, with a console",
		long: `
Node listens for messages of other nodes, stores them until they are taken, and
sends messages to others and to all that are connected to it. Others are godwit
nodes, and programs with the Python library WebSocketProtocolCore.

It reads commands from standard input, one a line. An argument with spaces is
written in double quotes, with \" and \\ for a quote and a backslash in it; the
last one of a line needs none:
` + nodeHelp + `
At the end of input (Ctrl-D), on SIGINT and on SIGTERM the node closes its
connections with code 1001 and ends. With --store disk the messages wait in
DATA/received_messages.json for the next start; what was acknowledged survives
whatever happens to the process.

Results go to standard output: messages as JSON, one a line. The exit status is
1 if the node can't start.

Examples:
  godwit node
  godwit node --port 8765 --store disk --data data
  printf 'wait 10s\nreceive all\n' | godwit node --port 8765`,
		register: func(fs *flag.FlagSet) action {
			o := new(nodeOptions)
			fs.IntVar(&o.port, "port", 8765, "listen on this `PORT`; 0 picks a free one")
			fs.StringVar(&o.addr, "host", "", "listen on this `ADDRESS` only")
			fs.StringVar(&o.store, "store", "memory", "keep messages in memory or on disk: `KIND` is memory or disk")
			fs.StringVar(&o.data, "data", store.DefaultDir, "the folder of --store disk")
			return o.run
		},
	}
}

// run runs the node until its input or ctx ends.
func (o *nodeOptions) run(ctx context.Context, args []string, s stdio) (err error) {
	if err := noArguments(args); err != nil {
		return err
	}
	if o.port < 0 || o.port > 65535 {
		return badUsage("--port %d is not in 0 to 65535", o.port)
	}
	messages, err := o.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, messages.Close()) }()
	n := app.NewNode(app.NodeConfig{Store: messages, Logger: slog.New(slog.NewTextHandler(s.err, nil))})
	if err := n.StartAddr(net.JoinHostPort(o.addr, strconv.Itoa(o.port))); err != nil {
		if errors.Is(err, syscall.EADDRINUSE) {
			err = fmt.Errorf("%w (another program has this port; choose one with --port)", err)
		}
		return err
	}
	defer stopNode(n)
	fmt.Fprintf(s.out, "node: %s\n", n.Addr())
	fmt.Fprintf(s.err, "others reach it at %s, port %d; help lists the commands, Ctrl-D ends\n", app.LocalIP(), n.Addr().(*net.TCPAddr).Port)
	return newNodeConsole(n, s).run(ctx)
}

// open opens the store that the flags ask for.
func (o *nodeOptions) open() (store.Store, error) {
	modes := map[string]app.NodeStorage{"memory": app.NodeStorageMemory, "disk": app.NodeStorageDisk}
	mode, ok := modes[o.store]
	if !ok {
		return nil, badUsage("--store %q is neither memory nor disk", o.store)
	}
	s, err := mode.Open(store.Config{Dir: o.data})
	return s, explainStore(o.data, err)
}

// stopNode stops a node, and drops who doesn't answer in time.
func stopNode(n *app.Node) {
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	n.Stop(ctx) // its only error is that time ran out
}
