// Command compare measures Godwit's echo server beside those of other libraries,
// each in a process of its own, all under the same load:
//
//	cd bench && go run ./compare
//
// It builds the servers (package peers), runs every scenario against every one of
// them in turn, several rounds, each time with a fresh process, and drives them with
// godwit bench, which checks the answers. It prints a table per scenario and writes
// RESULTS.md and a chart per scenario below the output folder.
//
// # What is measured
//
// CPU time of the server per message, from the clock of its process, is the figure
// that stands for the server: on a machine of few cores, messages a second also
// depend on the load generator. All figures are medians over the rounds.
//
// Allocations are those of the Go runtime between two readings in the middle of a
// run, by messages; readings themselves allocate, so that rare messages show a
// little more. Memory per connection is the growth of the resident set from a fifth of
// the connections to all of them, after each has echoed one message and a moment of
// rest.
//
// # What is fair
//
// Each server is written as its library's documentation recommends for speed, with
// buffers used again; whether it checks UTF-8 is in the tables. A raw TCP echo in Go
// and one in C show what the sockets cost. A scenario that a library can't do
// (compression) is left out for it, and so is a server for which something isn't
// installed, with a message.
package main
