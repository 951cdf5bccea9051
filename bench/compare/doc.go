// Command compare measures Godwit's echo servers beside those of other libraries,
// each in a process of its own, all under the same load:
//
//	cd bench && go run ./compare
//
// It builds the servers (package peers), runs every scenario against every one of
// them that can bear it, in turn, several rounds, each time with a fresh process, and
// drives them with godwit bench, which checks the answers. It prints the report, and
// writes it as RESULTS.md, with a chart for each scenario, to the output folder.
// QUEUE.md, which RESULTS.md refers to, is command queue's.
//
// # What is measured
//
// CPU time of the server per message, from the clock of its process, is the figure
// that stands for the server: on a machine of few cores, messages a second also
// depend on the load generator. All figures are medians over the rounds.
//
// Where goroutines in the server's process compute beside it, their CPU time can't be
// told from the server's: there it is the time per message, on all connections
// together, which is what is left of a second for each.
//
// Allocations are those of the Go runtime while messages count, by messages; readings
// themselves allocate, so that rare messages show a little more. Memory per connection
// is the growth of the resident set between two numbers of connections, after each has
// echoed one message and a moment of rest: all that the process takes, not only what a
// library knows of. It is measured in one round. With fewer descriptors than 20,000
// there are fewer connections; titles say how many.
//
// # What is fair
//
// Each server is written as its library's documentation recommends for speed, with
// buffers used again; whether it checks UTF-8 is in the tables. A raw TCP echo in Go
// and one in C, on as many threads as there are cores, show what the sockets cost; for
// broadcasts it is a loop in Go that writes a frame to one connection after the other.
// A scenario that a library can't do, or that its server here wasn't taught
// (compression, TLS, broadcasts), is left out for it, and so is a server for which
// something isn't installed, with a message.
//
// Godwit takes part on each engine alone, and where the framework matters through
// package app as well. The summary takes the engines alone, except for broadcasts.
package main
