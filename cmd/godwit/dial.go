package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/godwit-ws/godwit/conn"
)

// dialOptions are the flags of dial.
type dialOptions struct {
	header       http.Header
	subprotocols []string
	compress     bool
	insecure     bool
	wait         time.Duration
}

// dialCommand is the interactive client.
func dialCommand() command {
	return command{
		name:  "dial",
		args:  "URL [flags]",
		short: "an interactive client: lines go out as messages, messages come as lines",
		long: `
Dial connects to a ws:// or wss:// URL, sends each line of standard input as a
text message, and prints each message it receives as a line on standard output:
text with its control characters escaped, binary as the beginning of its bytes
in hex. Everything else goes to standard error.

A line that begins with a slash is a command; one that begins with two is sent
without the first:
` + inputHelp + `
At the end of input (Ctrl-D) it waits for answers until none has come for a
moment, then closes with code 1000. Ctrl-C closes with 1001 at once.

The exit status is 0 after a normal end (1000, 1001, no code, or one that we
sent), 1 after any other end and where no connection came about.

Examples:
  godwit dial ws://127.0.0.1:8080/echo
  printf 'hello\n' | godwit dial ws://127.0.0.1:8080/echo
  godwit dial wss://example.com/chat --header 'Authorization: Bearer …' --subprotocol chat`,
		register: func(fs *flag.FlagSet) action {
			o := &dialOptions{header: make(http.Header)}
			o.register(fs)
			return o.run
		},
	}
}

func (o *dialOptions) register(fs *flag.FlagSet) {
	fs.Func("header", "send this `NAME:VALUE` with the request; may be repeated", o.addHeader)
	fs.Func("subprotocol", "offer the subprotocol `NAME`; may be repeated", func(name string) error {
		o.subprotocols = append(o.subprotocols, name)
		return nil
	})
	fs.BoolVar(&o.compress, "compress", false, "offer permessage-deflate (RFC 7692)")
	fs.BoolVar(&o.insecure, "insecure", false, "don't check the server's certificate")
	fs.Func("origin", "send this `ORIGIN`, as a web page would", func(origin string) error {
		o.header.Set("Origin", origin)
		return nil
	})
	fs.DurationVar(&o.wait, "wait", time.Second, "at the end of input, close when nothing has come for this `DURATION`; negative: when the server closes")
}

func (o *dialOptions) addHeader(field string) error {
	name, value, ok := strings.Cut(field, ":")
	if !ok {
		return errors.New("not of the form NAME:VALUE")
	}
	o.header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	return nil
}

// run connects and talks until the connection ends.
func (o *dialOptions) run(ctx context.Context, args []string, s stdio) error {
	if len(args) != 1 {
		return badUsage("one URL is needed, such as ws://127.0.0.1:8080/echo")
	}
	c, err := o.dialer().Dial(ctx, args[0])
	if errors.Is(err, conn.ErrURL) {
		return badUsage("%v", err)
	}
	if err != nil {
		return err
	}
	defer c.Abort() // of no effect after an end in order
	fmt.Fprintf(s.err, "connected%s; type lines to send, /help for commands, Ctrl-D to end\n", agreement(c))
	return newSession(c, s, o.wait).run(ctx)
}

// dialer returns what connects. A ping now and then tells a quiet server from a
// dead one, so there is no limit to how long it may be quiet.
func (o *dialOptions) dialer() *conn.Dialer {
	return &conn.Dialer{
		Config: conn.Config{
			MaxMessageSize: defaultMaxMessage,
			PingInterval:   30 * time.Second,
			Compression:    conn.Compression{Enabled: o.compress},
		},
		Header:       o.header,
		Subprotocols: o.subprotocols,
		TLS:          &tls.Config{InsecureSkipVerify: o.insecure},
	}
}

// agreement says what the handshake has agreed on, if anything.
func agreement(c *conn.Conn) string {
	text := ""
	if p := c.Subprotocol(); p != "" {
		text += fmt.Sprintf(", subprotocol %q", p)
	}
	if c.Compressed() {
		text += ", compressed"
	}
	return text
}
