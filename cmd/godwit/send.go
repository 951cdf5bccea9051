package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strconv"
	"time"

	"github.com/godwit-ws/godwit/app"
)

// The exit statuses of send, beside the common ones: what is known of the message.
const (
	exitUnacknowledged = 3
	exitRefused        = 4
)

// sendOptions are the flags of send.
type sendOptions struct{ timeout time.Duration }

// sendCommand sends one message to a node.
func sendCommand() command {
	return command{
		name:  "send",
		args:  "IP PORT TYPE SUBTYPE CONTENT [flags]",
		short: "send a message to a node, and wait until it is stored there",
		long: `
Send sends one message to a node: to another godwit node, or to a server that
speaks the format of the Python library WebSocketProtocolCore. TYPE (处理类型),
SUBTYPE (次一级数据类型) and CONTENT (数据内容) are text; what begins with a dash
goes behind "--".

The exit status tells what became of the message:
  0   the node has stored it
  1   it was not sent
  2   the command line makes no sense
  3   it was sent, but nothing came back: the node may have it or not
  4   the node has refused it

Examples:
  godwit send 127.0.0.1 8765 chat text 'hello there'
  godwit send ::1 8765 chat text -- -5`,
		register: func(fs *flag.FlagSet) action {
			o := new(sendOptions)
			fs.DurationVar(&o.timeout, "timeout", 10*time.Second, "give up after this `DURATION`")
			return o.run
		},
	}
}

// run sends the message.
func (o *sendOptions) run(ctx context.Context, args []string, s stdio) error {
	if len(args) != 5 {
		return badUsage("needed are IP, PORT, TYPE, SUBTYPE and CONTENT; got %d arguments", len(args))
	}
	if o.timeout <= 0 {
		return badUsage("--timeout %v is not positive", o.timeout)
	}
	port, err := parsePort(args[1])
	if err != nil {
		return err
	}
	n := app.NewNode(app.NodeConfig{AckTimeout: o.timeout})
	defer func() {
		polite, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		n.Stop(polite) // of no interest any more: the answer has come, or won't
	}()
	return sendStatus(n.Send(ctx, args[0], port, args[2], args[3], args[4]))
}

// parsePort reads the number of a port to send to.
func parsePort(text string) (int, error) {
	if ok, _ := app.ValidateTargetPort(text); !ok {
		return 0, badUsage("port %q is not a number from 1 to 65535", text)
	}
	return strconv.Atoi(text)
}

// sendStatus gives a send's error its exit status, and plain words.
func sendStatus(err error) error {
	refusal, refused := errors.AsType[*app.NodeRefusal](err)
	switch {
	case refused:
		return &statusError{exitRefused, fmt.Errorf("the node refused the message: %s", refusal.Reason)}
	case errors.Is(err, app.ErrNodeUnacknowledged):
		return &statusError{exitUnacknowledged, err}
	}
	return err
}
