package main

import "time"

// scenario is a load that all servers are put under.
type scenario struct {
	name     string
	title    string
	args     []string // of godwit bench
	compress bool     // with permessage-deflate
	memory   bool     // what counts is memory per connection
	per      string   // what CPU time is counted by
}

// scenarios returns all of them in the order of the report.
func scenarios() []scenario {
	return []scenario{
		{name: "125B", title: "64 connections, 125 B", args: []string{"--size", "125"}, per: "message"},
		{name: "1KiB", title: "64 connections, 1 KiB", args: []string{"--size", "1024"}, per: "message"},
		{name: "16KiB", title: "64 connections, 16 KiB", args: []string{"--size", "16384"}, per: "message"},
		{name: "1MiB", title: "64 connections, 1 MiB", args: []string{"--size", "1048576"}, per: "message"},
		{name: "pipelined-125B", title: "64 connections, 64 in flight on each, 125 B", args: []string{"--size", "125", "--depth", "64"}, per: "message"},
		{name: "pipelined-1KiB", title: "64 connections, 16 in flight on each, 1 KiB", args: []string{"--size", "1024", "--depth", "16"}, per: "message"},
		{name: "text-16KiB", title: "64 connections, 16 KiB of Chinese text", args: []string{"--size", "16384", "--content", "cjk"}, per: "message"},
		{name: "compressed-1KiB", title: "64 connections, 1 KiB of JSON, compressed", args: []string{"--size", "1024", "--content", "json", "--compress"}, compress: true, per: "message"},
		{name: "churn", title: "connect, echo 125 B, close, 64 at a time", args: []string{"--mode", "churn"}, per: "connection"},
		{name: "idle", title: "5000 idle connections", args: []string{"--mode", "idle", "--conns", "5000"}, memory: true, per: "connection"},
	}
}

// hold is how long idle connections are held before memory is read.
const hold = 2 * time.Second
