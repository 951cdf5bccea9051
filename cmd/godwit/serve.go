package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/app/console"
	"github.com/godwit-ws/godwit/conn"
)

// serveOptions are the flags of serve.
type serveOptions struct {
	addr     string
	origin   string
	console  string
	compress bool
	logLevel string
	tlsCert  string
	tlsKey   string
	cluster  bool
}

// serveCommand is the server for trying things out.
func serveCommand() command {
	return command{
		name:  "serve",
		args:  "[flags]",
		short: "a server to try things out on: echo, chat, a clock, and a console page to try them with",
		long: `
Serve runs a server with these WebSocket routes:

  /echo             sends every message back
  /echo/{message}   the same, after a greeting with the message
  /chat/{room}      a chat in rooms; ?name=ann gives a nickname
  /time             sends the server's time every second
  /live             topics for godwit.js and package app/client

and these pages:

  /                   the console: try the routes, watch connections, topics and rates
  /test_client.html   a simple client for /echo/Hello
  /healthz            for load balancers
  /godwit.js          the client of /live, for web pages

In a chat, {"say":"hello"} speaks and {"who":true} asks who is there.

Web pages of the same origin may connect, and on this machine pages opened from a
file. The console is for browsers on this machine; --console any shows it to all.
SIGINT and SIGTERM close all connections with code 1001.

Several nodes as one are a program of their own, since they bring NATS with them:
--cluster prints the line that installs it, and ends.

Examples:
  godwit serve
  godwit serve --addr :8080 --console any
  godwit serve --addr :8443 --tls-cert cert.pem --tls-key key.pem`,
		register: func(fs *flag.FlagSet) action {
			o := new(serveOptions)
			o.register(fs)
			return o.run
		},
	}
}

func (o *serveOptions) register(fs *flag.FlagSet) {
	fs.StringVar(&o.addr, "addr", "127.0.0.1:8080", "listen on `HOST:PORT`; port 0 picks a free one")
	fs.StringVar(&o.origin, "origin", "same", "which other web pages may connect: same, any, or `PATTERNS` such as https://*.example.com,localhost:*")
	fs.StringVar(&o.console, "console", "local", "who may see the console: local, any or off")
	fs.BoolVar(&o.compress, "compress", false, "accept permessage-deflate (RFC 7692)")
	fs.StringVar(&o.logLevel, "log-level", "warn", "what is logged: debug, info, warn or error")
	fs.StringVar(&o.tlsCert, "tls-cert", "", "`FILE` with the certificate in PEM, read again when it changes; needs --tls-key")
	fs.StringVar(&o.tlsKey, "tls-key", "", "`FILE` with its key in PEM")
	fs.BoolVar(&o.cluster, "cluster", false, "print the line that installs the program for several nodes, and serve nothing")
}

// run serves until ctx ends.
func (o *serveOptions) run(ctx context.Context, args []string, s stdio) error {
	if err := noArguments(args); err != nil {
		return err
	}
	cfg, err := o.config(s)
	if err != nil {
		return err
	}
	if o.cluster {
		fmt.Fprintln(s.out, "go install "+modulePath+"/app/cluster/cmd/godwit@latest")
		fmt.Fprint(s.err, clusterHint)
		return nil
	}
	mux := http.NewServeMux()
	cfg.HTTP = mux
	srv, err := app.New(cfg)
	if err != nil {
		return err
	}
	if err := addDemo(srv.Router()); err != nil {
		return err
	}
	o.addPages(mux, srv)
	l, err := listen(o.addr)
	if err != nil {
		return err
	}
	o.announce(s, l.Addr())
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go tick(ctx, srv)
	return serveUntil(ctx, srv, l)
}

// clusterHint goes with the line that --cluster prints.
const clusterHint = `That line installs the program for several nodes, which is called godwit too: set
GOBIN to keep both. The first node has NATS inside; further ones join it:
  godwit -addr :8080 -nats-addr 0.0.0.0:4222 -nats-token SECRET
  godwit -addr :8080 -join nats://FIRST:4222 -nats-token SECRET
`

// config makes a Config of the flags, and finds what makes no sense among them.
func (o *serveOptions) config(s stdio) (app.Config, error) {
	origins := parseOrigins(o.origin)
	origins.LocalFiles = true
	var level slog.Level
	if err := level.UnmarshalText([]byte(o.logLevel)); err != nil {
		return app.Config{}, badUsage("--log-level %s: write debug, info, warn or error", o.logLevel)
	}
	switch err := origins.Validate(); {
	case err != nil:
		return app.Config{}, badUsage("--origin %s: %v", o.origin, err)
	case (o.tlsCert == "") != (o.tlsKey == ""):
		return app.Config{}, badUsage("--tls-cert and --tls-key come together")
	case o.console != "local" && o.console != "any" && o.console != "off":
		return app.Config{}, badUsage("--console %s: write local, any or off", o.console)
	}
	log := slog.New(app.NewLogHandler(s.err, level))
	return app.Config{
		Router:       app.NewRouter(app.RouterConfig{Logger: log}),
		Limits:       conn.Config{Compression: conn.Compression{Enabled: o.compress}},
		Origins:      origins,
		CertFile:     o.tlsCert,
		KeyFile:      o.tlsKey,
		DrainTimeout: drainTime,
		Retain:       retain,
		Logger:       log,
	}, nil
}

// announce says where everything is.
func (o *serveOptions) announce(s stdio, addr net.Addr) {
	ws, web := urlOf("ws", addr), urlOf("http", addr)
	if o.tlsCert != "" {
		ws, web = urlOf("wss", addr), urlOf("https", addr)
	}
	fmt.Fprintf(s.out, "echo: %s/echo\n", ws)
	if o.console != "off" {
		fmt.Fprintf(s.err, "Open %s/ in a browser: a console to try the server with and to watch it.\n", web)
	}
	fmt.Fprintf(s.err, "Or in another window: godwit dial %s/echo (from a checkout: go run ./cmd/godwit dial %[1]s/echo)\nCtrl-C stops the server.\n", ws)
}

// allow is who may see the console.
func (o *serveOptions) allow() func(*http.Request) bool {
	if o.console == "any" {
		return func(*http.Request) bool { return true }
	}
	return console.LocalOnly
}
