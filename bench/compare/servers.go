package main

import (
	"net"
	"runtime"
	"slices"
	"strconv"
)

// server is an echo server to measure.
type server struct {
	name      string
	what      string // for the report
	module    string // whose version is named in the report; "" if it has none
	utf8      string // whether text is checked: yes, no, or - for raw TCP
	kind      kind
	framework bool    // through package app
	can       ability // beside echoing
	// program is the package in the nested module, or the language of a server that
	// isn't Go's.
	program string
	command func(p *programs, l listen) []string
}

// kind sorts servers by what they may be compared with.
type kind int

const (
	ours    kind = iota
	library      // for Go
	foreign      // another language's
	rawTCP       // no WebSocket
)

// ability is what servers can do, in bits.
type ability int

const (
	compress   ability = 1 << iota // permessage-deflate
	secure                         // TLS
	broadcast                      // what one sends goes to all
	neighbours                     // other goroutines in its process compute
)

// listen is what a server is told.
type listen struct {
	addr, admin string // HOST:PORT, for echoes and for the figures of the Go runtime
	does        ability
	busy        int
}

// servers returns all of them in the order in which they run.
func servers() []server {
	return []server{
		engine("godwit", "a goroutine per connection", "blocking"),
		engine("godwit-loop", "event loops that call the hooks", "loop"),
		engine("godwit-pooled", "event loops, hooks may wait", "pooled"),
		framework("godwit-app", "framework, a goroutine per connection", "blocking"),
		framework("godwit-app-loop", "framework, event loops that call the hooks", "loop"),
		framework("godwit-app-pooled", "framework, event loops, hooks may wait", "pooled"),
		goPeer("gorilla", "gorilla/websocket", "github.com/gorilla/websocket", "no", compress|secure|broadcast|neighbours),
		goPeer("coder", "coder/websocket", "github.com/coder/websocket", "no", compress|secure),
		goPeer("gobwas", "gobwas/ws, a goroutine per connection", "github.com/gobwas/ws", "yes", secure),
		goPeer("gws", "lxzan/gws", "github.com/lxzan/gws", "yes", compress|secure|broadcast|neighbours),
		goPeer("nbio", "lesismal/nbio, mixed mode", "github.com/lesismal/nbio", "yes", compress|secure|broadcast|neighbours),
		goPeer("gnet", "panjf2000/gnet and gobwas/ws, event loops", "github.com/panjf2000/gnet/v2", "yes", neighbours),
		goPeer("xnet", "golang.org/x/net/websocket", "golang.org/x/net", "no", 0),
		{name: "node-ws", what: "ws on Node", utf8: "yes", kind: foreign, can: compress, program: "node", command: nodeCommand},
		{name: "raw-go", what: "raw TCP echo in Go; broadcasts: a loop of writes", utf8: "-", kind: rawTCP, can: broadcast | neighbours, program: "rawgo", command: peerCommand("rawgo")},
		{name: "raw-c", what: "raw TCP echo in C on epoll, a thread per core", utf8: "-", kind: rawTCP, program: "c", command: cCommand},
	}
}

// engine is our server on one of its engines.
func engine(name, what, engine string) server {
	return server{
		name: name, what: what, utf8: "yes", kind: ours, can: compress | secure | neighbours,
		program: "godwit", command: peerCommand("godwit", "-engine", engine),
	}
}

// framework is our server with a handler of package app.
func framework(name, what, engine string) server {
	return server{
		name: name, what: what, utf8: "yes", kind: ours, framework: true, can: secure | broadcast,
		program: "godwit", command: peerCommand("godwit", "-engine", engine, "-app"),
	}
}

// goPeer is a server of the nested module on a library.
func goPeer(name, what, module, utf8 string, can ability) server {
	return server{
		name: name, what: what, module: module, utf8: utf8, kind: library,
		can: can, program: name, command: peerCommand(name),
	}
}

// peerCommand starts a program of package peers.
func peerCommand(program string, more ...string) func(*programs, listen) []string {
	return func(p *programs, l listen) []string {
		args := append([]string{p.path(program), "-addr", l.addr, "-admin", l.admin}, more...)
		for _, f := range []struct {
			does ability
			flag string
		}{{compress, "-compress"}, {secure, "-tls"}, {broadcast, "-broadcast"}} {
			if l.does&f.does != 0 {
				args = append(args, f.flag)
			}
		}
		return append(args, "-busy", strconv.Itoa(l.busy))
	}
}

func nodeCommand(p *programs, l listen) []string {
	args := []string{p.path("node"), "peers/node/echo.js", port(l.addr)}
	if l.does&compress != 0 {
		args = append(args, "compress")
	}
	return args
}

func cCommand(p *programs, l listen) []string {
	return []string{p.path("c"), port(l.addr), strconv.Itoa(runtime.NumCPU())}
}

func port(addr string) string {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		panic("compare: not an address: " + addr)
	}
	return port
}

// isGo reports whether the Go runtime's figures can be read.
func (s *server) isGo() bool { return s.program != "node" && s.program != "c" }

// url returns where its echoes are in a scenario.
func (s *server) url(addr string, sc *scenario) string {
	switch {
	case s.kind == rawTCP && sc.needs&broadcast == 0:
		return "tcp://" + addr
	case sc.needs&secure != 0:
		return "wss://" + addr + "/"
	}
	return "ws://" + addr + "/"
}

// takesPart reports whether a scenario is for the server.
func (s *server) takesPart(sc *scenario) bool {
	return s.can&sc.needs == sc.needs && (sc.framework || !s.framework)
}

// choose returns those of all that are named, in their order, or all of them if
// nothing is named. unknown are names that none of them has.
func choose[T any](all []T, name func(T) string, named []string) (chosen []T, unknown []string) {
	if len(named) == 0 {
		return all, nil
	}
	for _, v := range all {
		if slices.Contains(named, name(v)) {
			chosen = append(chosen, v)
		}
	}
	for _, n := range named {
		if !slices.ContainsFunc(all, func(v T) bool { return name(v) == n }) {
			unknown = append(unknown, n)
		}
	}
	return chosen, unknown
}
