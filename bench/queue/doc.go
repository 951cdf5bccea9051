// Command queue measures the store and the node, and beside them the way of working
// of the Python library that they take the place of:
//
//	cd bench && go run ./queue
//
// It writes QUEUE.md to the output folder and prints it.
//
// # What is measured
//
// A message is about 240 bytes. Every measurement does the whole work on messages that
// it can tell apart, and afterwards looks at what is stored: all of them, unaltered,
// and in order where one producer has stored them. What differs ends the run with an
// error. Measurements take turns, several rounds; figures are medians.
//
// Both nodes are in one process, as are producers and store, so allocations are those
// of both sides.
//
// # The other way
//
// The seed's library is not at hand and not copied: seed.py, written for this, works
// as its description says. It keeps its messages in a list, writes the whole list to a
// JSON file whenever one comes or goes, opens a connection for each message it sends,
// and waits for its acknowledgement. Storing needs Python alone; sending needs the
// package websockets (Debian: python3-websockets) and is left out without it.
package main
