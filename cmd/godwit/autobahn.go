package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/handshake"
)

// caseTime is how long one case may take. The longest of the official suite take
// about a minute and a half.
const caseTime = 3 * time.Minute

// autobahnOptions are the flags of autobahn client.
type autobahnOptions struct {
	url      string
	agent    string
	compress bool
}

// autobahnCommand is the client for the Autobahn testsuite's fuzzing server.
func autobahnCommand() command {
	return command{
		name:  "autobahn client",
		args:  "--url ws://HOST:PORT --agent NAME [--compress]",
		short: "the client that the Autobahn testsuite's fuzzing server examines",
		long: `
Autobahn client connects to the fuzzing server of the Autobahn testsuite once
for each of its cases, echoes what it is sent, and has the reports written. It
prints a line per case, and goes on after a case that failed; the verdicts are
in the server's reports.

The exit status is 0 when all cases were run, whatever the verdicts.

Examples:
  godwit autobahn client --url ws://127.0.0.1:9001 --agent godwit --compress`,
		register: func(fs *flag.FlagSet) action {
			o := new(autobahnOptions)
			fs.StringVar(&o.url, "url", "", "`URL` of the fuzzing server, such as ws://127.0.0.1:9001")
			fs.StringVar(&o.agent, "agent", "", "`NAME` that the reports are filed under")
			fs.BoolVar(&o.compress, "compress", false, "offer permessage-deflate (RFC 7692)")
			return o.run
		},
	}
}

// run runs all cases.
func (o *autobahnOptions) run(ctx context.Context, args []string, s stdio) error {
	switch {
	case len(args) > 0:
		return noArguments(args)
	case o.url == "":
		return badUsage("--url is needed, such as ws://127.0.0.1:9001")
	case o.agent == "":
		return badUsage("--agent is needed: the name for the reports")
	}
	count, err := o.caseCount(ctx)
	if errors.Is(err, conn.ErrURL) {
		return badUsage("%v", err)
	}
	if err != nil {
		return fmt.Errorf("asking for the number of cases: %w", err)
	}
	missed := 0
	for n := 1; n <= count && ctx.Err() == nil; n++ {
		end, err := o.runCase(ctx, n)
		if err != nil {
			missed++
			end = "not run: " + err.Error()
		}
		fmt.Fprintf(s.out, "case %d/%d: %s\n", n, count, end)
	}
	return errors.Join(context.Cause(ctx), notRun(missed, count), o.updateReports(context.WithoutCancel(ctx)))
}

func notRun(missed, count int) error {
	if missed == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d cases could not be run", missed, count)
}

// caseCount asks for the number of cases: the server sends it as one message.
func (o *autobahnOptions) caseCount(ctx context.Context) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, caseTime)
	defer cancel()
	c, err := o.dial(ctx, "/getCaseCount")
	if err != nil {
		return 0, err
	}
	defer c.Abort() // of no effect after an end in order
	_, p, err := c.Read(ctx)
	if err != nil {
		return 0, err
	}
	count, err := strconv.Atoi(strings.TrimSpace(string(p)))
	if err != nil || count < 0 {
		return 0, fmt.Errorf("the server answered %.40q", p)
	}
	c.Read(ctx) // answers the server's Close
	return count, nil
}

// runCase echoes through one case, and returns how its connection ended. The
// error says that there was none.
func (o *autobahnOptions) runCase(ctx context.Context, n int) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, caseTime)
	defer cancel()
	c, err := o.dial(ctx, fmt.Sprintf("/runCase?case=%d&agent=%s", n, o.agentParameter()))
	if err != nil {
		return "", err
	}
	defer context.AfterFunc(ctx, c.Abort)()
	return c.Run(echoHooks{}).Error(), nil
}

// updateReports has the reports written: the server closes when it is done.
func (o *autobahnOptions) updateReports(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, caseTime)
	defer cancel()
	c, err := o.dial(ctx, "/updateReports?agent="+o.agentParameter())
	if err != nil {
		return fmt.Errorf("asking for the reports: %w", err)
	}
	defer c.Abort() // of no effect after an end in order
	for _, err := range c.Messages(ctx) {
		if err != nil {
			return fmt.Errorf("waiting for the reports: %w", err)
		}
	}
	return nil
}

// agentParameter returns the agent as a part of a query, with %20 for spaces:
// not everyone reads a plus sign as one.
func (o *autobahnOptions) agentParameter() string {
	return strings.ReplaceAll(url.QueryEscape(o.agent), "+", "%20")
}

// dial connects. In sections 13.2 to 13.7 the suite takes only an offer that holds
// client_no_context_takeover, and calls them unimplemented otherwise; our own
// conformance suite covers what the client then doesn't do here.
func (o *autobahnOptions) dial(ctx context.Context, target string) (*conn.Conn, error) {
	d := conn.Dialer{Config: conn.Config{
		MaxMessageSize: defaultMaxMessage,
		Compression: conn.Compression{
			Enabled: o.compress,
			Params:  handshake.DeflatePolicy{ClientNoContextTakeover: true},
		},
	}}
	return d.Dial(ctx, strings.TrimRight(o.url, "/")+target)
}
