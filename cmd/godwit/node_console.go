package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/godwit-ws/godwit/app"
)

// nodeHelp lists the commands of the console.
const nodeHelp = `
  send IP PORT TYPE SUBTYPE CONTENT   send a message, and wait until it is stored there
  broadcast TYPE SUBTYPE CONTENT      send a message to all that are connected
  receive [NUMBER|all]                take the oldest message, or several
  wait [DURATION]                     wait until there is a message, 10s at most by default
  peers                               list who is connected
  status                              tell how things are
  help                                this list
  exit                                end
`

// nodeConsole is what an operator has of a node.
type nodeConsole struct {
	n     *app.Node
	stdio stdio
	since time.Time
}

func newNodeConsole(n *app.Node, s stdio) *nodeConsole {
	return &nodeConsole{n: n, stdio: s, since: time.Now()}
}

// errExit asks for the end of a console.
var errExit = errors.New("exit")

// run does what the lines of input say, until they or ctx end.
func (c *nodeConsole) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	lines := c.lines(ctx)
	for {
		select {
		case <-ctx.Done():
			return nil
		case line, ok := <-lines:
			if !ok {
				return nil
			}
			err := c.do(ctx, line)
			switch {
			case errors.Is(err, errExit) || ctx.Err() != nil:
				return nil
			case err != nil:
				fmt.Fprintln(c.stdio.err, err)
			}
		}
	}
}

// lines returns a channel of the lines of input, which is closed at their end.
func (c *nodeConsole) lines(ctx context.Context) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		in := bufio.NewReader(c.stdio.in)
		for {
			line, err := in.ReadString('\n')
			if line == "" && err != nil {
				if !errors.Is(err, io.EOF) {
					fmt.Fprintf(c.stdio.err, "reading input: %v\n", err)
				}
				return
			}
			select {
			case lines <- line:
			case <-ctx.Done():
				return
			}
		}
	}()
	return lines
}

// do does what one line says.
func (c *nodeConsole) do(ctx context.Context, line string) error {
	name, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	switch name {
	case "":
		return nil
	case "send":
		return c.send(ctx, rest)
	case "broadcast":
		return c.broadcast(ctx, rest)
	case "receive":
		return c.receive(rest)
	case "wait":
		return c.wait(ctx, rest)
	case "peers":
		return c.peers()
	case "status":
		return c.status()
	case "help":
		fmt.Fprint(c.stdio.err, nodeHelp[1:])
		return nil
	case "exit", "quit":
		return errExit
	}
	return fmt.Errorf("no command %s; help lists them", escape(name))
}

func (c *nodeConsole) send(ctx context.Context, rest string) error {
	args, err := splitArgs(rest, 5)
	if err != nil {
		return fmt.Errorf("send: %w; write: send IP PORT TYPE SUBTYPE CONTENT", err)
	}
	port, err := parsePort(args[1])
	if err != nil {
		return fmt.Errorf("send: %w", err)
	}
	if err := c.n.Send(ctx, args[0], port, args[2], args[3], args[4]); err != nil {
		return fmt.Errorf("send: %w", sendStatus(err))
	}
	fmt.Fprintln(c.stdio.out, "acknowledged")
	return nil
}

func (c *nodeConsole) broadcast(ctx context.Context, rest string) error {
	args, err := splitArgs(rest, 3)
	if err != nil {
		return fmt.Errorf("broadcast: %w; write: broadcast TYPE SUBTYPE CONTENT", err)
	}
	sent, err := c.n.Broadcast(ctx, args[0], args[1], args[2])
	if err != nil {
		return err
	}
	fmt.Fprintf(c.stdio.out, "sent to %d of %d\n", sent, max(sent, len(c.n.ActiveConnections())))
	return nil
}

func (c *nodeConsole) receive(rest string) error {
	number, err := 1, error(nil)
	switch rest = strings.TrimSpace(rest); rest {
	case "":
	case "all":
		number = c.n.Store().Len()
	default:
		if number, err = strconv.Atoi(rest); err != nil || number < 1 {
			return fmt.Errorf("receive: %s is neither a number nor all", escape(rest))
		}
	}
	for i := range number {
		m, ok := c.n.NextMessage()
		if !ok {
			if i == 0 {
				return errors.New("no message")
			}
			return nil
		}
		text, err := m.MarshalJSON()
		if err != nil {
			return err
		}
		fmt.Fprintln(c.stdio.out, escape(strings.ReplaceAll(string(text), "\x7f", `\u007f`))) // it stays JSON
	}
	return nil
}

// wait waits for a message and gives it back.
func (c *nodeConsole) wait(ctx context.Context, rest string) error {
	limit, err := 10*time.Second, error(nil)
	if rest = strings.TrimSpace(rest); rest != "" {
		if limit, err = time.ParseDuration(rest); err != nil || limit <= 0 {
			return fmt.Errorf("wait: %s is no duration, such as 10s or 5m", escape(rest))
		}
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	d, err := c.n.Store().Next(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return errors.New("no message")
	}
	c.n.Store().Return(d) // of no effect after an error
	return err
}

func (c *nodeConsole) peers() error {
	peers := c.n.ActiveConnections()
	for _, p := range peers {
		fmt.Fprintf(c.stdio.out, "%s port %d, for %v\n", p.IP, p.Port, time.Since(p.Since).Round(time.Second))
	}
	if len(peers) == 0 {
		return errors.New("nobody is connected")
	}
	return nil
}

func (c *nodeConsole) status() error {
	stats := c.n.Store().Stats()
	fmt.Fprintf(c.stdio.out, "listening on %v, for %v; %d connected; %d messages of %d bytes waiting\n",
		c.n.Addr(), time.Since(c.since).Round(time.Second), len(c.n.ActiveConnections()), stats.Waiting, stats.Bytes)
	return nil
}

// splitArgs splits a line into n arguments. One that begins with a double quote ends
// with the next that has no backslash before it; the last one without quotes is the
// rest of the line.
func splitArgs(line string, n int) ([]string, error) {
	args := make([]string, 0, n)
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimSpace(line) {
		var word string
		var err error
		switch {
		case len(args) == n:
			return nil, fmt.Errorf("more than %d arguments", n)
		case line[0] == '"':
			word, line, err = quoted(line[1:])
		case len(args) == n-1:
			word, line = line, ""
		default:
			word, line, _ = strings.Cut(line, " ")
		}
		if err != nil {
			return nil, err
		}
		args = append(args, word)
	}
	if len(args) < n {
		return nil, fmt.Errorf("%d arguments of %d", len(args), n)
	}
	return args, nil
}

// quoted reads up to the quote that ends an argument.
func quoted(line string) (word, rest string, err error) {
	var b strings.Builder
	for i := 0; i < len(line); i++ {
		switch {
		case line[i] == '"':
			return b.String(), line[i+1:], nil
		case line[i] == '\\' && i+1 < len(line):
			i++
		}
		b.WriteByte(line[i])
	}
	return "", "", errors.New("a double quote without its end")
}
