package main

import (
	"net"
	"slices"
)

// server is an echo server to measure.
type server struct {
	name     string
	what     string // for the report
	module   string // whose version is named in the report; "" if it has none
	utf8     string // whether text is checked: yes, no, or - for raw TCP
	kind     kind
	compress bool // it can
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

// listen is what a server is told.
type listen struct {
	addr, admin string // HOST:PORT, for echoes and for the figures of the Go runtime
	compress    bool
}

// servers returns all of them in the order in which they run.
func servers() []server {
	return []server{
		{name: "godwit", what: "godwit echo, a goroutine per connection", utf8: "yes", kind: ours, compress: true, program: "godwit", command: godwit("blocking")},
		{name: "godwit-loop", what: "godwit echo, event loops that call the handler", utf8: "yes", kind: ours, compress: true, program: "godwit", command: godwit("loop")},
		goPeer("gorilla", "gorilla/websocket", "github.com/gorilla/websocket", "no", true),
		goPeer("coder", "coder/websocket", "github.com/coder/websocket", "no", true),
		goPeer("gobwas", "gobwas/ws, a goroutine per connection", "github.com/gobwas/ws", "yes", false),
		goPeer("gws", "lxzan/gws", "github.com/lxzan/gws", "yes", true),
		goPeer("nbio", "lesismal/nbio, mixed mode", "github.com/lesismal/nbio", "yes", true),
		goPeer("gnet", "panjf2000/gnet and gobwas/ws, event loops", "github.com/panjf2000/gnet/v2", "yes", false),
		goPeer("xnet", "golang.org/x/net/websocket", "golang.org/x/net", "no", false),
		{name: "node-ws", what: "ws on Node", utf8: "yes", kind: foreign, compress: true, program: "node", command: nodeCommand},
		{name: "raw-go", what: "raw TCP echo in Go", utf8: "-", kind: rawTCP, program: "rawgo", command: peerCommand("rawgo")},
		{name: "raw-c", what: "raw TCP echo in C on epoll", utf8: "-", kind: rawTCP, program: "c", command: cCommand},
	}
}

// goPeer is a server of the nested module on a library.
func goPeer(name, what, module, utf8 string, compress bool) server {
	return server{
		name: name, what: what, module: module, utf8: utf8, kind: library,
		compress: compress, program: name, command: peerCommand(name),
	}
}

func peerCommand(program string) func(*programs, listen) []string {
	return func(p *programs, l listen) []string {
		args := []string{p.path(program), "-addr", l.addr, "-admin", l.admin}
		if l.compress {
			args = append(args, "-compress")
		}
		return args
	}
}

// godwit is our server with one of its engines.
func godwit(engine string) func(*programs, listen) []string {
	return func(p *programs, l listen) []string {
		args := []string{p.path("godwit"), "echo", "--addr", l.addr, "--pprof", l.admin, "--engine", engine}
		if l.compress {
			args = append(args, "--compress")
		}
		return args
	}
}

func nodeCommand(p *programs, l listen) []string {
	args := []string{p.path("node"), "peers/node/echo.js", port(l.addr)}
	if l.compress {
		args = append(args, "compress")
	}
	return args
}

func cCommand(p *programs, l listen) []string { return []string{p.path("c"), port(l.addr)} }

func port(addr string) string {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		panic("compare: not an address: " + addr)
	}
	return port
}

// isGo reports whether the Go runtime's figures can be read.
func (s *server) isGo() bool { return s.program != "node" && s.program != "c" }

// url returns where its echoes are.
func (s *server) url(addr string) string {
	if s.kind == rawTCP {
		return "tcp://" + addr
	}
	return "ws://" + addr + "/"
}

// can reports whether a scenario makes sense for the server.
func (s *server) can(sc *scenario) bool { return !sc.compress || s.compress }

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
