// Package load puts load on a WebSocket server, or on a TCP server that sends
// back what it gets, and measures what comes of it: messages a second, latency,
// CPU time and memory. It is the engine of godwit bench.
//
// Run takes a Config and returns a Result, which writes itself as text, and as
// a plot of its latency.
//
// # What it sends
//
// All messages are made, masked and, with compression, compressed before the
// load begins: a few different ones, a deck, that all connections go through in
// turn. A masking key that is used again protects nobody (RFC 6455 §10.3), and
// needn't here, where both ends are one's own; a compressed message refers to
// none before it, which any server can read (RFC 7692 §7.2.3). So the generator
// costs little beside its system calls, and its own CPU time stands in every
// Result.
//
// # What it checks
//
// Echoes must come back complete, in order and of the same type, in frames that
// a server may send. The content of short messages is compared in full, of long
// ones that of every eighth. What differs ends the run with an error: a server
// that answers rubbish gets no figures. With a tcp:// URL the very bytes that
// were sent must come back, masks and all: that is the limit for a WebSocket
// server over the same sockets.
//
// Broadcasts begin when every connection has answered a ping, since it may be open
// before the server has made it a member.
//
// # Latency
//
// In a closed loop a message is sent when an earlier one has come back, and its
// latency counts from then. A slow answer holds the next message up, so pauses of
// the server show in too few values (coordinated omission). With a rate, latency
// counts from the moment the message was to be sent, whether or not it could be;
// what the clock of this process was late is in Result.Lag.
//
// # Concurrency
//
// A goroutine a connection, two where messages are large or have a rate, over
// package net: portable, and enough to keep one server busy from the other half
// of a machine. Histograms are kept per shard of connections; nothing grows with
// the length of a run.
//
// CPU time and memory of the server are read on Linux only, by process id.
package load
