package main

import (
	"context"
	"crypto/tls"
	"flag"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/eventloop"
	"github.com/godwit-ws/godwit/handshake"
)

// defaultMaxMessage is the longest message taken by echo and by the clients, in
// bytes: suites send 16 MiB.
const defaultMaxMessage = 64 << 20

// echoOptions are the flags of echo.
type echoOptions struct {
	addr       string
	compress   bool
	maxMessage int64
	origin     string
	engine     string
	loops      int
	pprof      string
	tlsCert    string
	tlsKey     string
}

// echoCommand is the bare echo server.
func echoCommand() command {
	return command{
		name:  "echo",
		args:  "[flags]",
		short: "a bare echo server on every path, for test suites and load generators",
		long: `
Echo accepts WebSocket connections on every path of a bare TCP listener and
sends each message back. It prints its URL in one line, and then nothing per
connection or message. SIGINT and SIGTERM close all connections with code 1001.

Examples:
  godwit echo
  godwit echo --addr :9001 --compress --origin any
  godwit echo --engine loop --loops 1
  godwit echo --addr 127.0.0.1:9001 --pprof 127.0.0.1:6060
  godwit echo --addr :9443 --tls-cert cert.pem --tls-key key.pem`,
		register: func(fs *flag.FlagSet) action {
			o := new(echoOptions)
			o.register(fs)
			return o.run
		},
	}
}

func (o *echoOptions) register(fs *flag.FlagSet) {
	fs.StringVar(&o.addr, "addr", "127.0.0.1:9001", "listen on `HOST:PORT`; port 0 picks a free one")
	fs.BoolVar(&o.compress, "compress", false, "accept permessage-deflate (RFC 7692)")
	fs.Int64Var(&o.maxMessage, "max-message", defaultMaxMessage, "longest message taken, in `BYTES` after inflating; negative: no limit")
	fs.StringVar(&o.origin, "origin", "same", "which web pages may connect: same, any, or `PATTERNS` such as https://*.example.com,localhost:*")
	fs.StringVar(&o.engine, "engine", "blocking", "`ENGINE` that drives the connections: blocking (a goroutine each), loop (event loops that call the handler) or pooled (event loops, handlers on goroutines of a pool)")
	fs.IntVar(&o.loops, "loops", 0, "`N` event loops; 0: one for each core; has no effect on the blocking engine")
	fs.StringVar(&o.pprof, "pprof", "", "serve net/http/pprof and expvar on `HOST:PORT`")
	fs.StringVar(&o.tlsCert, "tls-cert", "", "`FILE` with the certificate in PEM; needs --tls-key")
	fs.StringVar(&o.tlsKey, "tls-key", "", "`FILE` with its key in PEM")
}

// run serves until ctx ends.
func (o *echoOptions) run(ctx context.Context, args []string, s stdio) error {
	origins, err := o.check(args)
	if err != nil {
		return err
	}
	l, scheme, err := o.listen()
	if err != nil {
		return err
	}
	defer l.Close()
	if o.pprof != "" {
		url, stop, err := startProfiling(o.pprof)
		if err != nil {
			return err
		}
		defer stop()
		fmt.Fprintf(s.err, "profiles and variables: %s/debug/pprof/ and /debug/vars\n", url)
	}
	fmt.Fprintf(s.out, "echo: %s/\n", urlOf(scheme, l.Addr()))
	up := &conn.Upgrader{Config: o.config(), Origins: origins}
	if o.engine != "blocking" {
		return o.serveLoops(ctx, l, up)
	}
	report := func(err error) { fmt.Fprintf(s.err, "godwit echo: %v; trying again\n", err) }
	serveEcho(ctx, l, up, report)
	return nil
}

// check finds what makes no sense, and returns the origin policy.
func (o *echoOptions) check(args []string) (handshake.Origins, error) {
	origins := parseOrigins(o.origin)
	switch err := origins.Validate(); {
	case len(args) > 0:
		return origins, noArguments(args)
	case !slices.Contains([]string{"blocking", "loop", "pooled"}, o.engine):
		return origins, badUsage("unknown engine %q: there are blocking, loop and pooled", o.engine)
	case o.loops < 0:
		return origins, badUsage("--loops %d: must not be negative", o.loops)
	case (o.tlsCert == "") != (o.tlsKey == ""):
		return origins, badUsage("--tls-cert and --tls-key come together")
	case err != nil:
		return origins, badUsage("--origin %s: %v", o.origin, err)
	}
	return origins, nil
}

// parseOrigins reads the value of --origin.
func parseOrigins(value string) handshake.Origins {
	switch value {
	case "", "same":
		return handshake.Origins{}
	case "any":
		return handshake.Origins{AllowAny: true}
	}
	return handshake.Origins{Allow: strings.Split(value, ",")}
}

// config returns the limits of the connections. 0 is the default here too.
func (o *echoOptions) config() conn.Config {
	cfg := conn.Config{
		MaxMessageSize: o.maxMessage,
		Compression:    conn.Compression{Enabled: o.compress},
	}
	if cfg.MaxMessageSize == 0 {
		cfg.MaxMessageSize = defaultMaxMessage
	}
	return cfg
}

// listen opens the listener, with TLS if there is a certificate, and returns the
// scheme of its URL.
func (o *echoOptions) listen() (net.Listener, string, error) {
	if o.tlsCert == "" {
		l, err := listen(o.addr)
		return l, "ws", err
	}
	cert, err := tls.LoadX509KeyPair(o.tlsCert, o.tlsKey)
	if err != nil {
		return nil, "", err
	}
	l, err := listen(o.addr)
	if err != nil {
		return nil, "", err
	}
	return eventloop.NewTLSListener(l, &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"http/1.1"}}), "wss", nil
}

// serveEcho echoes on the connections of l until ctx ends, and then closes all.
// It closes l.
func serveEcho(ctx context.Context, l net.Listener, up *conn.Upgrader, report func(error)) {
	defer context.AfterFunc(ctx, func() { l.Close() })()
	var conns connSet
	acceptAll(ctx, l, func(nc net.Conn) {
		c, err := up.Accept(ctx, nc)
		if err != nil {
			return // the peer has been told
		}
		conns.serve(c, echoHooks{}) // how a connection ends is its peer's business
	}, report)
	conns.drain(drainTime)
}
