package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/handshake"
)

// requestTime is how long requests may go on once we go down. Browsers open
// connections in advance, which look like requests that are about to come.
const requestTime = time.Second

// serveOptions are the flags of serve.
type serveOptions struct{ addr string }

// serveCommand is the server for trying things out.
func serveCommand() command {
	return command{
		name:  "serve",
		args:  "[--addr HOST:PORT]",
		short: "a server to try things out on: an echo endpoint, and a page that says so",
		long: `
Serve runs a server with a WebSocket endpoint at /echo, which sends every message
back, and a page at / that says how to connect. SIGINT and SIGTERM close all
connections with code 1001.

Web pages of the same origin may connect, and on this machine pages opened from a
file.

Examples:
  godwit serve
  godwit serve --addr :8080`,
		register: func(fs *flag.FlagSet) action {
			o := new(serveOptions)
			fs.StringVar(&o.addr, "addr", "127.0.0.1:8080", "listen on `HOST:PORT`; port 0 picks a free one")
			return o.run
		},
	}
}

// run serves until ctx ends.
func (o *serveOptions) run(ctx context.Context, args []string, s stdio) error {
	if err := noArguments(args); err != nil {
		return err
	}
	l, err := listen(o.addr)
	if err != nil {
		return err
	}
	url := urlOf("ws", l.Addr()) + "/echo"
	fmt.Fprintf(s.out, "echo: %s\n", url)
	fmt.Fprintf(s.err, "Try it in another window: godwit dial %s (from a checkout: go run ./cmd/godwit dial %[1]s)\nor open %s/ in a browser. Ctrl-C stops the server.\n",
		url, urlOf("http", l.Addr()))
	var conns connSet
	srv := &http.Server{
		Handler:           serveHandler(&conns),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       time.Minute,
		ErrorLog:          log.New(s.err, "godwit serve: ", 0),
	}
	return serveHTTP(ctx, srv, l, &conns)
}

// serveHandler returns the pages and endpoints of serve.
func serveHandler(conns *connSet) http.Handler {
	up := &conn.Upgrader{Origins: handshake.Origins{LocalFiles: true}}
	mux := http.NewServeMux()
	mux.Handle("/echo", up.Handler(func(c *conn.Conn) error { return conns.run(c, echoHooks{}) }))
	mux.HandleFunc("GET /{$}", servePage)
	return mux
}

// servePage says what is there. It is plain text, so that nothing of the request
// can be markup in it.
func servePage(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	fmt.Fprintf(w, `Godwit is running.

There is one WebSocket endpoint, which sends every message back:

    ws://%[1]s/echo

From a terminal:

    godwit dial ws://%[1]s/echo

From the console of this page's browser window:

    ws = new WebSocket("ws://%[1]s/echo")
    ws.onmessage = e => console.log(e.data)
    ws.onopen = () => ws.send("hello")
`, r.Host)
}

// serveHTTP runs srv on l until ctx ends, and then closes all connections.
func serveHTTP(ctx context.Context, srv *http.Server, l net.Listener, conns *connSet) error {
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	limit, cancel := context.WithTimeout(context.Background(), requestTime)
	defer cancel()
	if err := srv.Shutdown(limit); errors.Is(err, context.DeadlineExceeded) {
		srv.Close() // requests that go on for too long
	}
	conns.drain(drainTime)
	return nil
}
