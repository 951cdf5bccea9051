// Command godwit serves topics over package app/live, on one node or several: alone it
// needs nothing else, since it has a nats-server inside; further nodes join it by URL,
// or all of them an external NATS.
//
//	godwit -addr :8080 -nats-addr 0.0.0.0:4222 -nats-token secret
//	godwit -addr :8081 -join nats://10.0.0.1:4222 -nats-token secret
//
// Three nodes of which one may be lost:
//
//	godwit -addr :8080 -name a -nats-addr :4222 -peer-addr :6222 -peers h1:6222,h2:6222,h3:6222 -replicas 3
//
// It allows every client everything: to say who may do what, write your own, with
// package app/cluster. The page at / is a chat, /live is where clients connect,
// /godwit.js is their script, and /health says which node this is.
package main

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/app/cluster"
	"github.com/godwit-ws/godwit/app/live"
)

//go:embed chat.html
var chat []byte

// errUsage says that the arguments were wrong, which the user has been told.
var errUsage = errors.New("bad arguments")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	switch err := run(ctx, os.Args[1:], os.Stderr); {
	case errors.Is(err, errUsage), errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "godwit:", err)
		os.Exit(1)
	}
}

// arguments are those of the command line.
type arguments struct {
	addr     string
	join     string
	creds    string
	keep     int
	age      time.Duration
	replicas int
	embed    cluster.Embed
	peers    string
	wait     bool
	lease    time.Duration
}

func parse(args []string, errs io.Writer) (*arguments, error) {
	var a arguments
	f := flag.NewFlagSet("godwit", flag.ContinueOnError)
	f.SetOutput(errs)
	f.StringVar(&a.addr, "addr", "127.0.0.1:8765", "where clients connect")
	f.StringVar(&a.join, "join", "", "`URL` of another node's NATS, or of an external one, in place of one inside")
	f.StringVar(&a.creds, "creds", "", "`file` of NATS credentials, with -join")
	f.IntVar(&a.keep, "keep", 1000, "messages kept of each topic; 0 keeps none")
	f.DurationVar(&a.age, "keep-for", 0, "how long they are kept; 0 is for ever")
	f.IntVar(&a.replicas, "replicas", 1, "NATS servers that have each stream: 3 with three -peers")
	f.StringVar(&a.embed.Addr, "nats-addr", "", "where other nodes connect to the NATS inside; \"\" is a free port of the loopback interface")
	f.StringVar(&a.embed.Token, "nats-token", "", "what NATS clients must show")
	f.StringVar(&a.embed.Dir, "data", "data/nats", "`folder` of the NATS inside")
	f.StringVar(&a.embed.Name, "name", "", "the NATS server's name, with -peers")
	f.StringVar(&a.embed.ClusterAddr, "peer-addr", "", "where the other peers connect")
	f.StringVar(&a.peers, "peers", "", "peers' `addresses`, all of them, with commas between")
	f.BoolVar(&a.embed.SyncAlways, "sync", false, "sync each message to disk before it is acknowledged")
	f.BoolVar(&a.wait, "wait", false, "publications wait while NATS is gone, in place of failing")
	f.DurationVar(&a.lease, "lease", 0, "silence after which a node is dead; 0 is 10s")
	if err := f.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil, err
		}
		return nil, errUsage
	}
	if f.NArg() > 0 {
		fmt.Fprintf(errs, "godwit: unexpected argument %q\n", f.Arg(0))
		return nil, errUsage
	}
	if a.peers != "" {
		a.embed.Routes = strings.Split(a.peers, ",")
	}
	return &a, nil
}

// config returns the cluster's configuration.
func (a *arguments) config(log *slog.Logger) cluster.Config {
	c := cluster.Config{
		URL: a.join, Credentials: a.creds, Replicas: a.replicas, Lease: a.lease, Logger: log,
		Retain: func(string) app.Retention {
			if a.keep <= 0 {
				return app.Retention{}
			}
			return app.Retention{MaxMessages: a.keep, MaxAge: a.age}
		},
	}
	if a.wait {
		c.Down = cluster.Wait
	}
	if a.join == "" {
		c.Embed = &a.embed
	} else {
		c.Token = a.embed.Token
	}
	return c
}

// run serves until ctx ends.
func run(ctx context.Context, args []string, errs io.Writer) error {
	a, err := parse(args, errs)
	if err != nil {
		return err
	}
	log := slog.New(app.NewLogHandler(errs, slog.LevelInfo))
	c, err := cluster.New(a.config(log))
	if err != nil {
		return err
	}
	defer c.Close()
	s, err := app.New(app.Config{Addr: a.addr, Broker: c, HTTP: pages(c), Logger: log})
	if err != nil {
		return err
	}
	c.Attach(s)
	if err := live.New(live.Config{}).Mount(s.Router(), "/live"); err != nil {
		return err
	}
	if err := s.Listen(); err != nil {
		return err
	}
	log.Info("node", "id", c.Node(), "address", s.Addr().String())
	if url := c.ClientURL(); url != "" {
		log.Info("further nodes join", "with", "-join "+url)
	}
	return s.Run(ctx)
}

// pages answers what asks for no WebSocket.
func pages(c *cluster.Cluster) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /godwit.js", live.Script())
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		if !c.NATS().IsConnected() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		fmt.Fprintln(w, c.Node(), "of", c.Nodes())
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write(chat)
	})
	return mux
}
