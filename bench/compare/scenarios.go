package main

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/godwit-ws/godwit/bench/internal/figure"
)

// scenario is a load that all servers are put under that can bear it.
type scenario struct {
	name      string
	title     string
	args      []string // of godwit bench
	needs     ability  // of the server; 0 if any will do
	framework bool     // those of package app take part
	counts    metric   // by what servers are compared
	per       string   // what CPU time is counted by
	busy      int      // goroutines that compute, in the server's process
}

// metric is what counts in a scenario.
type metric int

const (
	cpu    metric = iota // CPU time of the server for a message
	memory               // memory of the server for a connection
	wall                 // time for a message, on all connections together
)

// String says what it is, of a message or connection.
func (m metric) String() string {
	return [...]string{cpu: "CPU of the server", memory: "memory of the server", wall: "time"}[m]
}

// crowd is how many connections there are where there are many, and from how many on
// memory is measured.
type crowd struct{ first, all int }

// Bounds of what is believed of the limit of descriptors.
const (
	fewDescriptors  = 1000
	manyDescriptors = 1 << 20
)

// scaled gives fewer where a process may not have so many descriptors.
func (c crowd) scaled(descriptors int) crowd {
	const others = 500 // files, and connections that are being closed
	if room := max(descriptors-others, 20); c.all > room {
		c.first, c.all = c.first*room/c.all, room
	}
	return c
}

func (c crowd) args() []string {
	return []string{"--mode", "idle", "--first", strconv.Itoa(c.first), "--conns", strconv.Itoa(c.all)}
}

func (c crowd) String() string {
	return figure.Thousands(float64(c.first)) + " to " + figure.Thousands(float64(c.all))
}

// scenarios returns all of them in the order of the report, for processes that may
// have so many descriptors.
func scenarios(descriptors int) []scenario {
	quiet, secret, zipped := crowd{5000, 19_000}.scaled(descriptors), crowd{2000, 8000}.scaled(descriptors), crowd{1000, 5000}.scaled(descriptors)
	audience := crowd{0, 5001}.scaled(descriptors)
	all := []scenario{
		echo("125B", "64 connections, 125 B"),
		echo("single-125B", "one connection, 125 B", "--conns", "1"),
		echo("1000-125B", "1,000 connections, 125 B", "--conns", "1000"),
		echo("1KiB", "64 connections, 1 KiB", "--size", "1024"),
		echo("16KiB", "64 connections, 16 KiB", "--size", "16384"),
		echo("256KiB", "64 connections, 256 KiB", "--size", "262144"),
		echo("1MiB", "64 connections, 1 MiB", "--size", "1048576"),
		echo("pipelined-125B", "64 connections, 64 in flight on each, 125 B", "--depth", "64"),
		echo("pipelined-1KiB", "64 connections, 16 in flight on each, 1 KiB", "--size", "1024", "--depth", "16"),
		echo("text-16KiB", "64 connections, 16 KiB of Chinese text", "--size", "16384", "--content", "cjk"),
		echo("rate-125B", "64 connections, 20,000 messages a second in all, 125 B", "--rate", "20000"),
		echo("compressed-256B", "256 B of JSON, compressed, context kept", "--size", "256", "--content", "json", "--compress").need(compress),
		echo("compressed-1KiB", "1 KiB of JSON, compressed, context kept", "--size", "1024", "--content", "json", "--compress").need(compress),
		echo("compressed-afresh-1KiB", "1 KiB of JSON, compressed, without context", "--size", "1024", "--content", "json", "--compress", "--no-takeover").need(compress),
		echo("compressed-16KiB", "16 KiB of JSON, compressed, context kept", "--size", "16384", "--content", "json", "--compress").need(compress),
		echo("compressed-64KiB", "64 KiB of JSON, compressed, context kept", "--size", "65536", "--content", "json", "--compress").need(compress),
		{name: "churn", title: "connect, echo 125 B, close, 64 at a time", args: []string{"--mode", "churn"}, per: "connection"},
		{name: "broadcast", title: fmt.Sprintf("broadcasts of 125 B to %s connections", figure.Thousands(float64(audience.all-1))),
			args: []string{"--mode", "broadcast", "--conns", strconv.Itoa(audience.all)}, needs: broadcast, per: "delivery"},
		echo("wss-125B", "TLS, 64 connections, 125 B").need(secure),
		{name: "wss-churn", title: "TLS, connect, echo 125 B, close, 64 at a time", args: []string{"--mode", "churn"}, needs: secure, per: "connection"},
		echo("busy-2", "64 connections, 125 B, beside 2 busy goroutines").beside(2),
		echo("busy-6", "64 connections, 125 B, beside 6 busy goroutines").beside(6),
		{name: "idle", title: "idle connections, from " + quiet.String(), args: quiet.args(), counts: memory, per: "connection"},
		{name: "wss-idle", title: "TLS, idle connections, from " + secret.String(), args: secret.args(), needs: secure, counts: memory, per: "connection"},
		{name: "compressed-idle", title: "idle connections with compression, from " + zipped.String(),
			args: append(zipped.args(), "--size", "1024", "--content", "json", "--compress"), needs: compress, counts: memory, per: "connection"},
	}
	for i := range all {
		switch all[i].name {
		case "125B", "pipelined-125B", "churn", "broadcast", "idle", "wss-idle":
			all[i].framework = true
		}
	}
	return all
}

// echo is a scenario in which CPU time for a message counts.
func echo(name, title string, args ...string) scenario {
	return scenario{name: name, title: title, args: args, per: "message"}
}

// need is sc for servers that can do something beside echoing.
func (sc scenario) need(a ability) scenario {
	sc.needs = a
	return sc
}

// beside is sc with goroutines in the server's process that compute. Their CPU time
// can't be told from the server's: what counts is how many messages come back.
func (sc scenario) beside(busy int) scenario {
	sc.needs, sc.counts, sc.busy = neighbours, wall, busy
	return sc
}

// rounds returns in how many of so many rounds the scenario runs: memory, which is
// the same each time and takes long, is measured once.
func (sc *scenario) rounds(of int) int {
	if sc.counts == memory {
		return 1
	}
	return of
}

// connections returns how many are open at a time.
func (sc *scenario) connections() int {
	if i := slices.Index(sc.args, "--conns"); i >= 0 {
		n, err := strconv.Atoi(sc.args[i+1])
		if err == nil {
			return n
		}
	}
	return 64 // godwit bench's own choice
}
